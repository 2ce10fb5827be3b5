import { render, screen } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import type { Schema } from "@/api/client";

const answers = vi.hoisted(() => ({ backups: [] as unknown[], connections: [] as unknown[] }));
vi.mock("@tanstack/react-router", () => ({ useNavigate: () => vi.fn() }));
vi.mock("@/api/queries", () => ({
	useRead: (operation: string) => ({
		data: operation === "backup.list" ? { backups: answers.backups } : { connections: answers.connections },
	}),
}));

import { StrayBackups } from "./StrayBackups";

function backup(id: string, connection: string, state: Schema["BackupState"] = "complete") {
	return {
		id,
		state,
		name: `Backup ${id}`,
		connection_id: connection,
		connection_name: `Database ${connection}`,
		kind: "full",
		created_at_ms: 1,
		size_bytes: 1,
		stored_bytes: 1,
		row_count: 1,
		level: "restored",
		damaged: false,
	};
}

afterEach(() => {
	answers.backups = [];
	answers.connections = [];
});

it("shows what a vault from another computer holds, so that it can be restored here", () => {
	answers.connections = [{ id: "here" }];
	answers.backups = [backup("a", "here"), backup("b", "elsewhere"), backup("c", "elsewhere", "failed")];
	render(<StrayBackups />);
	expect(screen.getByRole("heading").textContent).toBe("1 backup of databases not connected here");
});

it("is not there when every backup belongs to a connection", () => {
	answers.connections = [{ id: "here" }];
	answers.backups = [backup("a", "here")];
	const { container } = render(<StrayBackups />);
	expect(container.childElementCount).toBe(0);
});
