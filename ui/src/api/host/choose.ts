// Picks the host once, before the first screen. That of the development server exists only in development builds.

import type { Host } from "./host";
import { tauriHost } from "./tauri";

export async function chooseHost(): Promise<Host | null> {
	if ("__TAURI_INTERNALS__" in window) return tauriHost();
	if (import.meta.env.DEV) return (await import("./dev")).devHost();
	return null;
}
