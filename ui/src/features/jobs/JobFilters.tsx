// Which jobs the history shows: by how they ended, by database, by what they did, by a word.

import type { Schema } from "@/api/client";
import { useRead } from "@/api/queries";
import { SelectField, TextField } from "@/components/Field";
import { operationName } from "@/lib/text";

type Job = Schema["Job"];

export interface JobFilter {
	state: "all" | "good" | "bad" | "stopped" | "running";
	/** Connection id; empty: all. */
	connection: string;
	/** Empty: all. */
	operation: string;
	text: string;
}

export const everyJob: JobFilter = { state: "all", connection: "", operation: "", text: "" };

const states: Record<Exclude<JobFilter["state"], "all">, readonly Schema["JobState"][]> = {
	good: ["succeeded"],
	bad: ["failed", "interrupted"],
	stopped: ["cancelled"],
	running: ["queued", "running"],
};

export function fits(job: Job, filter: JobFilter): boolean {
	const words = `${job.title} ${job.error?.message ?? ""}`.toLowerCase();
	return (
		(filter.state === "all" || states[filter.state].includes(job.state)) &&
		(filter.connection === "" || job.connection_id === filter.connection) &&
		(filter.operation === "" || job.operation === filter.operation) &&
		words.includes(filter.text.trim().toLowerCase())
	);
}

interface JobFiltersProps {
	jobs: readonly Job[];
	filter: JobFilter;
	onFilter: (filter: JobFilter) => void;
}

export function JobFilters({ jobs, filter, onFilter }: JobFiltersProps) {
	const connections = useRead("connection.list", {}).data?.connections ?? [];
	const operations = [...new Set(jobs.map((job) => job.operation))].toSorted();
	const set = (change: Partial<JobFilter>) => onFilter({ ...filter, ...change });
	return (
		<div className="grid shrink-0 grid-cols-2 gap-2 xl:grid-cols-4">
			<TextField
				label="Find"
				hideLabel
				type="search"
				placeholder="Find in titles and errors"
				value={filter.text}
				onText={(text) => set({ text })}
				data-testid="job-find"
			/>
			<SelectField
				label="Result"
				hideLabel
				value={filter.state}
				onPick={(state) => set({ state })}
				data-testid="job-state"
				choices={[
					{ value: "all", text: "Every result" },
					{ value: "good", text: "Done" },
					{ value: "bad", text: "Failed, interrupted" },
					{ value: "stopped", text: "Cancelled" },
					{ value: "running", text: "Running, queued" },
				]}
			/>
			<SelectField
				label="Database"
				hideLabel
				value={filter.connection}
				onPick={(connection) => set({ connection })}
				data-testid="job-connection"
				choices={[
					{ value: "", text: "Every database" },
					...connections.map((each) => ({ value: each.id, text: each.name })),
				]}
			/>
			<SelectField
				label="Kind"
				hideLabel
				value={filter.operation}
				onPick={(operation) => set({ operation })}
				data-testid="job-operation"
				choices={[
					{ value: "", text: "Every kind" },
					...operations.map((each) => ({ value: each, text: operationName(each) })),
				]}
			/>
		</div>
	);
}
