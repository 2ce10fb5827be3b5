import { QueryClient } from "@tanstack/react-query";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { CallError, call, type Schema, setHost, toCallError } from "./client";
import { applyEvent } from "./events";
import type { Host } from "./host/host";

const invoke = vi.fn<Host["invoke"]>();

beforeEach(() => {
	invoke.mockReset();
	setHost({
		kind: "recorded",
		invoke,
		onEvent: () => () => {},
		chooseSavePath: async () => null,
		chooseFolder: async () => null,
		chooseFile: async () => null,
		desktopState: async () => ({ tray: true, starts_at_login: false, problem: null }),
	});
});

describe("call", () => {
	it("sends name, request and confirmation as they are, and null without one", async () => {
		invoke.mockResolvedValue({ id: "r", job_id: "j" });
		await call("restore.apply", { plan_id: "p" }, { digest: "d", name: "shop" });
		await call("vault.status", {});
		expect(invoke.mock.calls).toEqual([
			["restore.apply", { plan_id: "p" }, { digest: "d", name: "shop" }],
			["vault.status", {}, null],
		]);
	});
	it("throws the application's error with all its facts", async () => {
		invoke.mockRejectedValue({
			code: "authentication_failed",
			message: "Refused.",
			hint: "Check it.",
			retry: false,
			native: "28P01",
		});
		const error = await call("connection.list", {}).catch((reason: unknown) => reason);
		expect(error).toBeInstanceOf(CallError);
		expect(error).toMatchObject({
			code: "authentication_failed",
			message: "Refused.",
			hint: "Check it.",
			retry: false,
			native: "28P01",
		});
	});
	it("understands an error sent as JSON text, and does not invent facts for anything else", () => {
		expect(toCallError('{"code":"vault_locked","message":"Locked.","retry":true}')).toMatchObject({
			code: "vault_locked",
			retry: true,
			hint: null,
			native: null,
		});
		expect(toCallError("panic at the disco")).toMatchObject({
			code: "internal",
			native: "panic at the disco",
		});
		expect(toCallError(undefined)).toMatchObject({ code: "internal", native: null });
	});
});

describe("events", () => {
	const job = (change: Partial<Schema["Job"]>): Schema["Job"] => ({
		id: "j1",
		operation: "backup.create",
		title: "Back up Shop",
		connection_id: "c1",
		state: "running",
		created_at_ms: 1,
		started_at_ms: 1,
		ended_at_ms: null,
		progress: {
			phase: "Reading",
			done_bytes: 1,
			total_bytes: 2,
			done_rows: 0,
			bytes_per_second: 0,
			eta_ms: null,
			step: null,
			steps: null,
		},
		error: null,
		result: null as never,
		cancellable: true,
		...change,
	});
	const listeners = { onJobEnded: vi.fn(), onNotice: vi.fn() };

	it("writes progress into every list the job belongs to, and into no other", () => {
		const client = new QueryClient();
		client.setQueryData(["job.list", { limit: 50 }], { jobs: [] });
		client.setQueryData(["job.list", { connection: "other" }], { jobs: [] });
		applyEvent(client, { type: "job", job: job({}) }, listeners);
		applyEvent(
			client,
			{ type: "job", job: job({ progress: { ...job({}).progress, done_bytes: 2 } }) },
			listeners,
		);
		expect(
			client
				.getQueryData<Schema["JobListResponse"]>(["job.list", { limit: 50 }])
				?.jobs.map((each) => each.progress.done_bytes),
		).toEqual([2]);
		expect(
			client.getQueryData<Schema["JobListResponse"]>(["job.list", { connection: "other" }])?.jobs,
		).toEqual([]);
	});
	it("announces an end once and asks again for what it changed", () => {
		const client = new QueryClient();
		client.setQueryData(["backup.list", {}], { backups: [] });
		client.setQueryData(["settings.get", {}], {});
		listeners.onJobEnded.mockClear();
		const ended = job({ state: "succeeded", ended_at_ms: 5 });
		applyEvent(client, { type: "job", job: ended }, listeners);
		applyEvent(client, { type: "job", job: ended }, listeners);
		expect(listeners.onJobEnded).toHaveBeenCalledTimes(1);
		expect(client.getQueryState(["backup.list", {}])?.isInvalidated).toBe(true);
		expect(client.getQueryState(["settings.get", {}])?.isInvalidated).toBe(false);
	});
	it("asks again only for what changed, and for all when everything did", () => {
		const client = new QueryClient();
		const invalid = (key: unknown[]) => client.getQueryState(key)?.isInvalidated;
		client.setQueryData(["connection.list", {}], {});
		client.setQueryData(["audit.list", {}], {});
		applyEvent(client, { type: "changed", what: "connections" }, listeners);
		expect([invalid(["connection.list", {}]), invalid(["audit.list", {}])]).toEqual([true, false]);
		applyEvent(client, { type: "changed", what: "everything" }, listeners);
		expect(invalid(["audit.list", {}])).toBe(true);
	});
});
