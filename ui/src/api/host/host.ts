// What a host offers to the screens. It grows only when a screen needs more.

import type { Confirmation, Schema } from "../client";

export interface FileFilter {
	name: string;
	extensions: string[];
}

export interface DesktopState {
	/** The desktop shows tray icons, so the program can stay when its window is closed. */
	tray: boolean;
	starts_at_login: boolean;
	/** Why the start at log-in could not be set. */
	problem: string | null;
}

export interface Host {
	readonly kind: "tauri" | "dev" | "recorded";
	/** Resolves to the response or rejects with an ApiError. */
	invoke(operation: string, request: object, confirmation: Confirmation | null): Promise<unknown>;
	/** Returns the function that stops listening. */
	onEvent(listener: (event: Schema["Event"]) => void): () => void;
	/** The system's own dialogs; null when the person cancelled. */
	chooseSavePath(options: { defaultName: string; filters: FileFilter[] }): Promise<string | null>;
	chooseFolder(): Promise<string | null>;
	chooseFile(): Promise<string | null>;
	/** Carries out what the settings say about the desktop, and tells what came of it. */
	desktopState(): Promise<DesktopState>;
}
