// Dark, light or as the system has it. The class on <html> is all the styles need.

import { useEffect, useSyncExternalStore } from "react";
import { useRead } from "@/api/queries";

const dark = window.matchMedia("(prefers-color-scheme: dark)");

export function useTheme(): "light" | "dark" {
	const wish = useRead("settings.get", {}).data?.theme ?? "system";
	const system = useSyncExternalStore(
		(listener) => {
			dark.addEventListener("change", listener);
			return () => dark.removeEventListener("change", listener);
		},
		() => dark.matches,
	);
	const theme = wish === "system" ? (system ? "dark" : "light") : wish;
	useEffect(() => {
		document.documentElement.classList.toggle("dark", theme === "dark");
	}, [theme]);
	return theme;
}

/** Before the settings are known, so that a dark desktop does not flash white. */
export function paintEarly(): void {
	document.documentElement.classList.toggle("dark", dark.matches);
}
