export function ApplicationPage({ name }: { name: string }) { return <main id="main" tabIndex={-1}>{name}</main>; }
