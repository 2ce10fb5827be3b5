// Turns the stream of events into cache updates. Progress is written into the cache, everything else is asked again.

import type { QueryClient } from "@tanstack/react-query";
import type { Schema } from "./client";
import { changedBy } from "./policies";
import { refresh } from "./queries";

type Job = Schema["Job"];

export function jobEnded(job: Job): boolean {
	return job.state !== "queued" && job.state !== "running";
}

export interface EventListeners {
	onJobEnded(job: Job): void;
	onNotice(notice: Extract<Schema["Event"], { type: "notice" }>): void;
}

export function applyEvent(client: QueryClient, event: Schema["Event"], listeners: EventListeners): void {
	switch (event.type) {
		case "job":
			applyJob(client, event.job, listeners);
			break;
		case "changed":
			refresh(client, [event.what]);
			break;
		case "notice":
			listeners.onNotice(event);
			break;
	}
}

function applyJob(client: QueryClient, job: Job, listeners: EventListeners): void {
	const before = client.getQueryData<Job>(["job.get", { job: job.id }]);
	client.setQueryData(["job.get", { job: job.id }], job);
	let known = before !== undefined;
	for (const [key, data] of client.getQueriesData<Schema["JobListResponse"]>({ queryKey: ["job.list"] })) {
		if (data === undefined) continue;
		const request = key[1] as Schema["JobListRequest"];
		const present = data.jobs.some((each) => each.id === job.id);
		known ||= present;
		const concerns = request.connection == null || request.connection === job.connection_id;
		if (!present && !concerns) continue;
		const jobs = present ? data.jobs.map((each) => (each.id === job.id ? job : each)) : [job, ...data.jobs];
		client.setQueryData(key, {
			jobs: request.active_only ? jobs.filter((each) => !jobEnded(each)) : jobs,
		});
	}
	const changed = changedBy(job.operation);
	// What it makes is in the lists from its start on.
	if (!known) refresh(client, changed);
	// A restore's own state moves with its job's phases.
	if (changed.includes("restores") && before?.progress.phase !== job.progress.phase)
		refresh(client, ["restores"]);
	if (jobEnded(job) && (before === undefined || !jobEnded(before))) {
		// A list asked for before the end may be answered after it, with the job still running.
		refresh(client, [...changed, "jobs", "audit"]);
		listeners.onJobEnded(job);
	}
}
