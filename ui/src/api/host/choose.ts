// Picks the host once, before the first screen. The simulated host exists only in development builds.

import type { Host } from "./host";
import { tauriHost } from "./tauri";

export async function chooseHost(): Promise<Host | null> {
	if ("__TAURI_INTERNALS__" in window) return tauriHost();
	if (import.meta.env.DEV) {
		const { fakeHost } = await import("./fake/fake");
		return fakeHost(new URLSearchParams(window.location.search));
	}
	return null;
}
