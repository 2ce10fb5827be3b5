// Providers, and the choice between first start and the shell.

import type { QueryClient } from "@tanstack/react-query";
import { QueryClientProvider, useQueryClient } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { Toaster, toast } from "sonner";
import { host } from "@/api/client";
import { applyEvent } from "@/api/events";
import { useRead } from "@/api/queries";
import { ErrorState } from "@/components/States";
import { errorStays } from "@/components/say";
import { StartPage } from "@/features/start/StartPage";
import { Failsafe } from "./Failsafe";
import type { makeRouter } from "./routes";
import { useTheme } from "./theme";

interface AppProps {
	client: QueryClient;
	router: ReturnType<typeof makeRouter>;
}

export function App({ client, router }: AppProps) {
	return (
		<QueryClientProvider client={client}>
			<Failsafe>
				<Inside router={router} />
			</Failsafe>
		</QueryClientProvider>
	);
}

function Inside({ router }: { router: AppProps["router"] }) {
	const theme = useTheme();
	useEvents();
	const vault = useRead("vault.status", {});
	// The first start lasts until its last page is done, not until the vault exists: the recovery kit comes after.
	const [starting, setStarting] = useState(false);
	useEffect(() => {
		if (vault.data?.state === "absent") setStarting(true);
	}, [vault.data?.state]);
	const absent = starting || vault.data?.state === "absent";
	return (
		<>
			{vault.data === undefined ? (
				<main className="flex h-full items-center justify-center p-8" aria-busy={vault.error === null}>
					{vault.error !== null && (
						<div className="max-w-[560px]">
							<ErrorState error={vault.error} onRetry={() => void vault.refetch()} />
						</div>
					)}
				</main>
			) : absent ? (
				<StartPage onDone={() => setStarting(false)} />
			) : (
				<RouterProvider router={router} />
			)}
			<Toaster
				theme={theme}
				// Over the foot of the sidebar: what a page offers to press is never underneath.
				position="bottom-left"
				offset={{ bottom: 44, left: 8 }}
				className="toasts"
				closeButton
			/>
		</>
	);
}

function useEvents(): void {
	const client = useQueryClient();
	useEffect(
		() =>
			host().onEvent((event) =>
				applyEvent(client, event, {
					onJobEnded(job) {
						if (job.state === "failed" || job.state === "interrupted")
							toast.error(`${job.title} failed`, { description: job.error?.message, duration: errorStays });
					},
					onNotice(notice) {
						const show =
							notice.level === "error"
								? toast.error
								: notice.level === "warning"
									? toast.warning
									: toast.info;
						show(notice.title, { description: notice.text, duration: errorStays });
					},
				}),
			),
		[client],
	);
}
