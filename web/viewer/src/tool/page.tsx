export function ToolPage() { return <main id="main" tabIndex={-1} />; }
