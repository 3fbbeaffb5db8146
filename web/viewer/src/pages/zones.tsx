export function ZonesPage() { return <main id="main" tabIndex={-1} />; }
