// The other three states of every list: loading, empty, error.

import { CircleAlert, RotateCw } from "lucide-react";
import type { ReactNode } from "react";
import type { Schema } from "@/api/client";
import { type CallError, toCallError } from "@/api/client";
import { Button } from "./Button";
import { classes } from "./classes";

export function EmptyState({
	icon,
	title,
	children,
	action,
}: {
	icon?: ReactNode;
	title: string;
	children?: ReactNode;
	action?: ReactNode;
}) {
	return (
		<div className="flex flex-col items-center gap-1 px-6 py-10 text-center" data-testid="empty-state">
			{icon && <span className="mb-1 text-text-3 [&_svg]:size-6">{icon}</span>}
			<h2 className="font-semibold">{title}</h2>
			{children && <div className="max-w-[52ch] text-text-2">{children}</div>}
			{action && <div className="mt-3 flex flex-wrap justify-center gap-2">{action}</div>}
		</div>
	);
}

interface ErrorStateProps {
	error: CallError | Schema["ApiError"] | Error;
	onRetry?: () => void;
	/** Another way out. */
	action?: ReactNode;
	compact?: boolean;
}

/** What happened, what to do, the server's own code. */
export function ErrorState({ error, onRetry, action, compact }: ErrorStateProps) {
	const failure = toCallError(error);
	return (
		<div
			role="alert"
			data-testid="error-state"
			data-code={failure.code}
			className={classes(
				"flex items-start gap-2.5 rounded-lg border border-bad/35 bg-bad-soft text-left",
				compact ? "px-3 py-2" : "px-4 py-3",
			)}
		>
			<CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" />
			<div className="min-w-0 flex-1">
				<p className="font-medium text-bad wrap-anywhere">{failure.message}</p>
				{failure.hint && <p className="mt-0.5 text-text wrap-anywhere">{failure.hint}</p>}
				<p className="mt-0.5 font-mono text-xs text-text-2 wrap-anywhere">
					{failure.native ? `${failure.native} · ` : ""}
					{failure.code}
				</p>
			</div>
			{action}
			{onRetry && failure.retry && (
				<Button small onClick={onRetry} icon={<RotateCw aria-hidden className="size-3" />}>
					Try again
				</Button>
			)}
		</div>
	);
}

export function Skeleton({ className }: { className?: string }) {
	return (
		<span
			aria-hidden
			className={classes("block animate-[pulse-soft_1.6s_infinite] rounded bg-line", className)}
		/>
	);
}

export function LoadingRows({ rows = 6 }: { rows?: number }) {
	return (
		<div role="status" aria-label="Loading" className="flex flex-col gap-3 p-4">
			{Array.from({ length: rows }, (_, at) => (
				// biome-ignore lint/suspicious/noArrayIndexKey: the rows are all the same and never move
				<div key={at} className="flex gap-6">
					<Skeleton className="h-3.5 w-2/5" />
					<Skeleton className="h-3.5 w-1/5" />
					<Skeleton className="ml-auto h-3.5 w-16" />
				</div>
			))}
		</div>
	);
}

interface Question<T> {
	data: T | undefined;
	error: CallError | null;
	refetch: () => unknown;
}

/** Loading and error of one question; the children get its answer. */
export function Answered<T>({
	question,
	rows,
	children,
}: {
	question: Question<T>;
	rows?: number;
	children: (data: T) => ReactNode;
}) {
	if (question.data !== undefined) return children(question.data);
	if (question.error !== null)
		return (
			<div className="p-4">
				<ErrorState error={question.error} onRetry={() => void question.refetch()} />
			</div>
		);
	return <LoadingRows rows={rows} />;
}
