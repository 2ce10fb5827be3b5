import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import type { Schema } from "@/api/client";
import { ConfirmationDialog } from "./ConfirmationDialog";
import { Cut, DataTable } from "./DataTable";
import { LevelBadge } from "./LevelBadge";
import { ProgressBar, progressWords } from "./ProgressIndicator";
import { ProofTable } from "./ProofTable";
import { ErrorState } from "./States";

describe("ConfirmationDialog", () => {
	const open = (confirmName: string | null, blocked = false) => {
		const onConfirm = vi.fn();
		const onClose = vi.fn();
		render(
			<ConfirmationDialog
				title="Replace?"
				action="Replace"
				digest="d1"
				confirmName={confirmName}
				blocked={blocked}
				onConfirm={onConfirm}
				onClose={onClose}
			>
				<p>12 rows are lost.</p>
			</ConfirmationDialog>,
		);
		return { onConfirm, onClose };
	};
	it("wants the exact name: no other case, no blanks, no part of it", async () => {
		const user = userEvent.setup();
		const { onConfirm } = open("Shop DB");
		const field = screen.getByTestId("typed-name");
		for (const near of ["", "Shop", "shop db", "Shop DB ", " Shop DB", "Shop  DB"]) {
			await user.clear(field);
			if (near !== "") await user.type(field, near);
			expect(screen.getByTestId("apply"), JSON.stringify(near)).toHaveProperty("disabled", true);
			await user.type(field, "{Enter}");
		}
		expect(onConfirm).not.toHaveBeenCalled();
		await user.clear(field);
		await user.type(field, "Shop DB");
		await user.click(screen.getByTestId("apply"));
		expect(onConfirm).toHaveBeenCalledExactlyOnceWith({ digest: "d1", name: "Shop DB" });
	});
	it("sends the digest alone when no name is wanted", async () => {
		const { onConfirm } = open(null);
		await userEvent.click(screen.getByTestId("apply"));
		expect(onConfirm).toHaveBeenCalledExactlyOnceWith({ digest: "d1" });
	});
	it("cannot be applied while blocked, and Escape leaves it", async () => {
		const { onClose } = open(null, true);
		expect(screen.getByTestId("apply")).toHaveProperty("disabled", true);
		await userEvent.keyboard("{Escape}");
		expect(onClose).toHaveBeenCalled();
	});
});

describe("ErrorState", () => {
	const error = {
		code: "connection_lost" as const,
		message: "It was lost.",
		hint: "Look at the log.",
		retry: true,
		native: "57P01",
	};
	it("shows message, hint and the server's own code", () => {
		render(<ErrorState error={error} />);
		expect(screen.getByRole("alert").textContent).toContain("It was lost.");
		expect(screen.getByRole("alert").textContent).toContain("Look at the log.");
		expect(screen.getByRole("alert").textContent).toContain("57P01");
	});
	it("offers to try again only where that can help", () => {
		const { rerender } = render(<ErrorState error={error} onRetry={() => {}} />);
		expect(screen.queryByRole("button", { name: "Try again" })).not.toBeNull();
		rerender(<ErrorState error={{ ...error, retry: false }} onRetry={() => {}} />);
		expect(screen.queryByRole("button", { name: "Try again" })).toBeNull();
	});
});

describe("LevelBadge", () => {
	const text = (change: Partial<Schema["Backup"]>) => {
		const { container, unmount } = render(
			<LevelBadge
				backup={{
					state: "complete",
					level: "restored",
					level_at_ms: 1,
					damaged: false,
					omission_count: 0,
					...change,
				}}
			/>,
		);
		const words = container.textContent;
		unmount();
		return words;
	};
	it("says the level that was reached and no more", () => {
		expect(text({})).toBe("Restored");
		expect(text({ level: "decoded" })).toBe("Decoded");
		expect(text({ level: "stored" })).toBe("Stored");
		expect(text({ level: null })).toBe("Unchecked");
	});
	it("never shows a level for what did not finish, even if one was recorded", () => {
		for (const state of ["running", "failed", "cancelled", "interrupted"] as const)
			expect(text({ state })).not.toMatch(/Restored|Decoded|Stored/);
	});
	it("puts damage before any level, and says partial beside it", () => {
		expect(text({ damaged: true })).toBe("Damaged");
		expect(text({ state: "partial", omission_count: 2 })).toBe("RestoredPartial");
	});
});

describe("progress", () => {
	const progress: Schema["Progress"] = {
		phase: "Reading",
		done_bytes: 412 * 1024 ** 2,
		total_bytes: 664 * 1024 ** 2,
		done_rows: 5,
		bytes_per_second: 118 * 1024 ** 2,
		eta_ms: 2_000,
		step: null,
		steps: null,
	};
	it("says bytes, rows, rate and what is left", () => {
		expect(progressWords(progress)).toBe("412 of 664 MiB · 5 rows · 118 MiB/s · about 2 s left");
	});
	it("promises no percentage without a total", () => {
		const { rerender } = render(<ProgressBar progress={{ ...progress, total_bytes: null }} label="x" />);
		expect(screen.getByRole("progressbar").getAttribute("aria-valuenow")).toBeNull();
		rerender(<ProgressBar progress={progress} label="x" />);
		expect(screen.getByRole("progressbar").getAttribute("aria-valuenow")).toBe("62");
	});
});

describe("DataTable", () => {
	it("is walked with the arrow keys and opened with Enter", async () => {
		const onOpen = vi.fn();
		const rows = ["a", "b", "c"];
		render(
			<DataTable
				label="Letters"
				rows={rows}
				rowKey={(row) => row}
				columns={[{ id: "x", title: "X", width: "1fr", cell: (row) => row, sort: (row) => row }]}
				onOpen={onOpen}
			/>,
		);
		const user = userEvent.setup();
		screen.getByRole("row", { name: "a" }).focus();
		await user.keyboard("{ArrowDown}");
		await vi.waitFor(() => expect(document.activeElement?.getAttribute("data-key")).toBe("b"));
		await user.keyboard("{Enter}");
		expect(onOpen).toHaveBeenCalledExactlyOnceWith("b");
	});
	it("sorts by its headings, absent values last in both directions", async () => {
		const rows = [
			{ id: "x", n: 2 },
			{ id: "y", n: null },
			{ id: "z", n: 10 },
		];
		render(
			<DataTable
				label="N"
				rows={rows}
				rowKey={(row) => row.id}
				columns={[{ id: "n", title: "N", width: "1fr", cell: (row) => row.id, sort: (row) => row.n }]}
			/>,
		);
		const order = () =>
			screen
				.getAllByRole("cell")
				.map((cell) => cell.textContent)
				.join("");
		const user = userEvent.setup();
		await user.click(screen.getByRole("button", { name: "N" }));
		expect(order()).toBe("zxy");
		await user.click(screen.getByRole("button", { name: "N" }));
		expect(order()).toBe("xzy");
	});
	it("puts only a window of a long list into the page", () => {
		const rows = Array.from({ length: 50_000 }, (_, at) => at);
		render(
			<DataTable
				label="Many"
				rows={rows}
				rowKey={String}
				columns={[{ id: "x", title: "X", width: "1fr", cell: (row) => row }]}
			/>,
		);
		expect(screen.queryAllByRole("cell").length).toBeLessThan(200);
		expect(screen.getByRole("table").getAttribute("aria-rowcount")).toBe("50001");
	});
});

describe("text from a database", () => {
	const hostile = `<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>"'\`\n\u202e😀`;
	it("stays text in cells, names, errors and proofs", () => {
		const { container } = render(
			<>
				<Cut text={hostile} />
				<ErrorState
					error={{ code: "server_error", message: hostile, hint: hostile, retry: false, native: hostile }}
				/>
				<ProofTable
					tables={[{ schema: hostile, name: hostile, expected_rows: 1, found_rows: 0, hash_equal: false }]}
				/>
			</>,
		);
		expect(container.querySelector("img, script")).toBeNull();
		expect((window as unknown as { hacked?: number }).hacked).toBeUndefined();
		expect(container.textContent).toContain("<script>window.hacked=1</script>");
	});
});
