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
import { changedBy, type Topic, tellsOf } from "./policies";

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
			// Events say the same; a host without events stays right.
			refresh(client, changedBy(name));
			onSuccess?.(response);
		},
	});
}

/** Asks again what is on screen and tells of these. */
export function refresh(client: QueryClient, topics: readonly Topic[]): void {
	if (topics.length === 0) return;
	void client.invalidateQueries({
		predicate: ({ queryKey: [name] }) => typeof name === "string" && tellsOf(name, topics),
	});
}
