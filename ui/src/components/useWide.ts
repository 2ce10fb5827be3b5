import { useSyncExternalStore } from "react";

const wide = window.matchMedia("(min-width: 1280px)");

/** Whether there is room for what is nice to have. */
export function useWide(): boolean {
	return useSyncExternalStore(
		(listener) => {
			wide.addEventListener("change", listener);
			return () => wide.removeEventListener("change", listener);
		},
		() => wide.matches,
	);
}
