// What events make of the cache.

import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { expect, test, vi } from "vitest";
import type { Schema } from "./client";
import { applyEvent } from "./events";

const running: Schema["Job"] = {
	id: "j1",
	operation: "maintenance.run",
	title: "VACUUM of shop",
	connection_id: "c1",
	state: "running",
	created_at_ms: 1,
	started_at_ms: 1,
	ended_at_ms: null,
	progress: {
		phase: "",
		done_bytes: 0,
		total_bytes: null,
		done_rows: 0,
		bytes_per_second: 0,
		eta_ms: null,
		step: null,
		steps: null,
	},
	error: null,
	result: {},
	cancellable: true,
};
const done: Schema["Job"] = { ...running, state: "succeeded", ended_at_ms: 2 };

test("a list that was asked for before a job ended does not bring it back to life", async () => {
	const client = new QueryClient();
	const key = ["job.list", {}];
	client.setQueryData(key, { jobs: [] });
	let answer: ((list: Schema["JobListResponse"]) => void) | undefined;
	const answers = [
		() => new Promise<Schema["JobListResponse"]>((resolve) => (answer = resolve)),
		() => Promise.resolve({ jobs: [done] }),
	];
	const observer = new QueryObserver(client, {
		queryKey: key,
		staleTime: Number.POSITIVE_INFINITY,
		queryFn: () => (answers.shift() ?? (() => Promise.resolve({ jobs: [done] })))(),
	});
	const leave = observer.subscribe(() => undefined);
	void client.invalidateQueries({ queryKey: key });
	await vi.waitFor(() => expect(answer).toBeDefined());
	applyEvent(client, { type: "job", job: done }, { onJobEnded: () => undefined, onNotice: () => undefined });
	answer?.({ jobs: [running] });
	await new Promise((resolve) => setTimeout(resolve, 20));
	expect(client.getQueryData(key)).toEqual({ jobs: [done] });
	leave();
});
