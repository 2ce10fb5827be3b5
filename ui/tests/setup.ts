import { cleanup, configure } from "@testing-library/react";
import { afterEach, vi } from "vitest";

afterEach(() => cleanup());

// A busy machine takes longer than the usual second; what never comes still fails.
configure({ asyncUtilTimeout: 20_000 });

// What jsdom lacks and the screens use.
Object.defineProperty(window, "matchMedia", {
	value: (query: string) => ({
		matches: query.includes("min-width"),
		media: query,
		addEventListener: () => {},
		removeEventListener: () => {},
	}),
});
class NoResize {
	observe() {}
	unobserve() {}
	disconnect() {}
}
vi.stubGlobal("ResizeObserver", NoResize);
Element.prototype.scrollIntoView = () => {};
Element.prototype.hasPointerCapture = () => false;
Element.prototype.setPointerCapture = () => {};
Element.prototype.releasePointerCapture = () => {};
window.scrollTo = () => {};
