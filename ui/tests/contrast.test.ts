// Every text colour on every ground it is used on reaches AA, in both themes.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const css = readFileSync("src/app/styles.css", "utf8");

function colours(selector: string): Record<string, string> {
	const block = new RegExp(`^${selector} \\{([^}]*)\\}`, "m").exec(css)?.[1] ?? "";
	return Object.fromEntries(
		[...block.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g)].map(([, name, value]) => [name, value]),
	);
}

function luminance(hex: string): number {
	const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
		const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
		return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
	});
	return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(left: string, right: string): number {
	const [light = 0, dark = 0] = [luminance(left), luminance(right)].sort((a, b) => b - a);
	return (light + 0.05) / (dark + 0.05);
}

const pairs: [string, string[]][] = [
	["text", ["ground", "panel", "raised", "line-soft", "accent-soft", "bad-soft", "warn-soft"]],
	["text-2", ["ground", "panel", "raised", "line-soft", "accent-soft", "bad-soft", "warn-soft", "ok-soft"]],
	["text-3", ["ground", "panel", "raised"]],
	["accent", ["panel", "accent-soft"]],
	["ok", ["panel", "ok-soft", "ground"]],
	["warn", ["panel", "warn-soft", "ground"]],
	["bad", ["panel", "bad-soft", "ground", "raised"]],
	["on-accent", ["accent", "accent-hover"]],
	["on-bad", ["bad"]],
];

describe.each([":root", "\\.dark"])("contrast of %s", (selector) => {
	const palette = colours(selector);
	it.each(pairs.flatMap(([ink, grounds]) => grounds.map((ground) => [ink, ground] as const)))(
		"%s on %s",
		(ink, ground) => {
			expect(contrast(palette[ink] ?? "#000000", palette[ground] ?? "#000000")).toBeGreaterThanOrEqual(4.5);
		},
	);
});
