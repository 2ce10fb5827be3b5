// Server state lives in one cache, keyed by [operation, request], and nowhere else.

import {
	type QueryClient,
	type UseMutationResult,
	type UseQueryResult,
	useMutation,
	useQuery,
} from "@tanstack/react-query";
import {
	type CallError,
	type Confirmation,
	call,
	type OperationName,
	type Request,
	type Response,
} from "./client";

export function operationKey<K extends OperationName>(name: K, request: Request<K>) {
	return [name, request] as const;
}

interface ReadOptions {
	enabled?: boolean;
	/** Only for what no event announces. */
	refetchInterval?: number;
	staleTime?: number;
}

export function useRead<K extends OperationName>(
	name: K,
	request: Request<K>,
	options: ReadOptions = {},
): UseQueryResult<Response<K>, CallError> {
	return useQuery<Response<K>, CallError>({
		queryKey: operationKey(name, request),
		queryFn: () => call(name, request),
		...options,
	});
}

export interface Act<K extends OperationName> {
	request: Request<K>;
	confirmation?: Confirmation;
}

export function useAct<K extends OperationName>(
	name: K,
	onSuccess?: (response: Response<K>) => void,
): UseMutationResult<Response<K>, CallError, Act<K>> {
	return useMutation<Response<K>, CallError, Act<K>>({
		mutationKey: [name],
		// Requests and answers may hold passphrases and recovery words: forgotten with the screen that asked.
		gcTime: 0,
		mutationFn: ({ request, confirmation }) => call(name, request, confirmation),
		onSuccess: (response, _act, _context, { client }) => {
			refreshAfter(client, name);
			onSuccess?.(response);
		},
	});
}

/** What an operation of this feature may have changed. Events say the same; a host without events stays right. */
const touches: Record<string, string[]> = {
	vault: ["vault.", "overview.", "secrets.", "backup.", "about."],
	secrets: ["secrets.", "vault.", "connection.", "overview.", "about."],
	connection: ["connection.", "overview.", "health.", "database."],
	sample: ["connection.", "overview."],
	backup: ["backup.", "job.", "overview.", "vault.status", "retention."],
	schedule: ["schedule.", "run.", "job."],
	maintenance: ["maintenance.", "job."],
	session: ["session."],
	// Not what was looked for: that reads every table's statistics.
	cleanup: ["cleanup.list", "job.", "backup.", "overview."],
	table: ["job.", "backup.", "overview.", "database."],
	retention: ["retention.", "backup.", "overview.", "vault.status"],
	restore: ["restore.", "job.", "overview."],
	job: ["job."],
	settings: ["settings."],
};

const reads = new Set([
	"plan",
	"get",
	"list",
	"status",
	"test",
	"parse_url",
	"verify",
	"inspect",
	"preview",
	"coming",
	"history",
	"ask",
	"candidates",
]);

function refreshAfter(client: QueryClient, name: OperationName): void {
	const last = name.split(".").at(-1) ?? "";
	if (reads.has(last) && name !== "backup.verify") return;
	refresh(client, touches[name.split(".")[0] ?? ""] ?? []);
	// Everything else that is done is in the audit log.
	refresh(client, ["audit.list"]);
}

export function refresh(client: QueryClient, prefixes: readonly string[]): void {
	void client.invalidateQueries({
		predicate: (query) => {
			const name = query.queryKey[0];
			return typeof name === "string" && prefixes.some((prefix) => name.startsWith(prefix));
		},
	});
}
