import { QueryClient } from "@tanstack/react-query";
import { CallError } from "@/api/client";

export function makeClient(): QueryClient {
	return new QueryClient({
		defaultOptions: {
			queries: {
				// Events say when something changed; nothing is asked again out of habit.
				staleTime: Number.POSITIVE_INFINITY,
				refetchOnWindowFocus: false,
				networkMode: "always",
				retry: (failures, error) => error instanceof CallError && error.retry && failures < 1,
			},
			mutations: { networkMode: "always" },
		},
	});
}
