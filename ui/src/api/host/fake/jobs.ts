// Jobs of the simulated application: they move in steps, can be cancelled and end once.

import type { Schema } from "../../client";
import { refusal, replaceIn, type World } from "./world";

export interface Work {
	operation: string;
	title: string;
	connectionId: string | null;
	phases: string[];
	totalBytes: number;
	totalRows: number;
	/** Called before each phase; a refusal ends the job as failed. */
	onPhase?: (at: number) => void;
	/** Makes what the job is for; its value is the job's result. */
	finish: () => unknown;
	onStopped?: (error: Schema["ApiError"] | null) => void;
}

const stepsPerPhase = 18;

export function start(world: World, work: Work): string {
	const id = world.nextId();
	const at = world.now();
	let job: Schema["Job"] = {
		id,
		operation: work.operation,
		title: work.title,
		connection_id: work.connectionId,
		state: "running",
		created_at_ms: at,
		started_at_ms: at,
		ended_at_ms: null,
		progress: {
			phase: work.phases[0] ?? "",
			done_bytes: 0,
			total_bytes: work.totalBytes,
			done_rows: 0,
			bytes_per_second: 0,
			eta_ms: null,
			step: 1,
			steps: work.phases.length,
		},
		error: null,
		result: null as never,
		cancellable: true,
	};
	const publish = (change: Partial<Schema["Job"]>) => {
		job = { ...job, ...change };
		replaceIn(world.jobs, job);
		world.emit({ type: "job", job });
	};
	const stop = (state: Schema["JobState"], error: Schema["ApiError"] | null) => {
		work.onStopped?.(error);
		publish({ state, error, ended_at_ms: world.now(), cancellable: false });
	};
	const perPhase = world.pace === 0 ? 1 : stepsPerPhase;
	const total = work.phases.length * perPhase;
	const step = (done: number) => {
		if (world.cancelled.has(id)) return stop("cancelled", null);
		const phaseAt = Math.floor(done / perPhase);
		try {
			if (done % perPhase === 0 && phaseAt < work.phases.length) work.onPhase?.(phaseAt);
			if (done >= total) {
				const result = work.finish();
				return publish({
					state: "succeeded",
					ended_at_ms: world.now(),
					cancellable: false,
					result: result as never,
					progress: {
						...job.progress,
						phase: "Done",
						done_bytes: work.totalBytes,
						done_rows: work.totalRows,
						bytes_per_second: 0,
						eta_ms: null,
					},
				});
			}
		} catch (error) {
			return stop("failed", error as Schema["ApiError"]);
		}
		const share = done / total;
		const perSecond = world.pace === 0 ? work.totalBytes : work.totalBytes / ((total * world.pace) / 1000);
		publish({
			progress: {
				phase: work.phases[phaseAt] ?? "",
				done_bytes: Math.round(work.totalBytes * share),
				total_bytes: work.totalBytes,
				done_rows: Math.round(work.totalRows * share),
				bytes_per_second: Math.round(perSecond),
				eta_ms: Math.round((total - done) * world.pace),
				step: phaseAt + 1,
				steps: work.phases.length,
			},
		});
		setTimeout(() => step(done + 1), world.pace);
	};
	replaceIn(world.jobs, job);
	setTimeout(() => step(0), world.pace);
	return id;
}

export function cancel(world: World, reference: string): Schema["Job"] {
	const job = world.jobs.find((each) => each.id === reference);
	if (job === undefined) throw refusal("not_found", "There is no such job.");
	world.cancelled.add(job.id);
	return job;
}
