import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { devHost } from "./scripts/dev-host.ts";

export default defineConfig({
	plugins: [react(), tailwindcss(), devHost()],
	resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
	// Relative, so that the same build works under the window's own protocol and behind a server's prefix.
	base: "./",
	server: { host: "127.0.0.1", port: 5173, strictPort: true },
	build: {
		// The oldest WebKitGTK 4.1 in the distributions that are supported.
		target: ["es2022", "safari16"],
		// Inlined files would become data: URLs, which the content security policy refuses for fonts.
		assetsInlineLimit: 0,
		// The polyfill is an inline script in some browsers; every supported engine preloads by itself.
		modulePreload: { polyfill: false },
		chunkSizeWarningLimit: 900,
	},
	test: {
		environment: "jsdom",
		setupFiles: ["tests/setup.ts"],
		include: ["src/**/*.test.{ts,tsx}", "tests/**/*.test.{ts,tsx}"],
		testTimeout: 90_000,
	},
});
