// Progress of a job in words and a bar. Without a total the bar moves without promising anything.

import type { Schema } from "@/api/client";
import { bytes, bytesOf, counted, rate } from "@/lib/bytes";
import { remaining } from "@/lib/time";
import { classes } from "./classes";

type Progress = Schema["Progress"];

export function progressShare(progress: Progress): number | null {
	if (progress.total_bytes == null || progress.total_bytes <= 0) return null;
	return Math.min(1, progress.done_bytes / progress.total_bytes);
}

export function progressWords(progress: Progress, brief = false): string {
	const parts: string[] = [];
	if (progress.total_bytes != null && progress.total_bytes > 0)
		parts.push(bytesOf(progress.done_bytes, Math.max(progress.total_bytes, progress.done_bytes)));
	else if (progress.done_bytes > 0) parts.push(bytes(progress.done_bytes));
	if (progress.done_rows > 0 && !brief) parts.push(counted(progress.done_rows, "row"));
	if (progress.bytes_per_second > 0) parts.push(rate(progress.bytes_per_second));
	if (progress.eta_ms != null) parts.push(remaining(progress.eta_ms));
	return parts.join(" · ");
}

function shareWords(progress: Progress): string {
	const share = progressShare(progress);
	if (share === null) return "";
	const left = progress.eta_ms == null ? "" : ` · ${remaining(progress.eta_ms)}`;
	return `${Math.floor(share * 100)} %${left}`;
}

export function ProgressBar({
	progress,
	label,
	className,
}: {
	progress: Progress;
	label: string;
	className?: string;
}) {
	const share = progressShare(progress);
	return (
		<div
			role="progressbar"
			aria-label={label}
			aria-valuemin={0}
			aria-valuemax={100}
			aria-valuenow={share === null ? undefined : Math.round(share * 100)}
			aria-valuetext={progressWords(progress) || progress.phase}
			className={classes("h-[5px] overflow-hidden rounded-full bg-line", className)}
		>
			{share === null ? (
				<div className="h-full w-2/5 animate-[slide_1.6s_linear_infinite] rounded-full bg-accent" />
			) : (
				<div
					className="h-full rounded-full bg-accent transition-[width] duration-200"
					style={{ width: `${share * 100}%` }}
				/>
			)}
		</div>
	);
}

interface ProgressIndicatorProps {
	progress: Progress;
	label: string;
	/** Say the share instead of bytes: where those weigh what is worked on and are not counted one by one. */
	inShares?: boolean;
}

export function ProgressIndicator({ progress, label, inShares = false }: ProgressIndicatorProps) {
	const steps =
		progress.steps != null && progress.steps > 1 ? `Step ${progress.step ?? 1} of ${progress.steps}` : null;
	return (
		<div className="flex min-w-0 flex-col gap-1.5">
			<div className="flex items-baseline gap-3">
				<span className="min-w-0 truncate font-medium">{progress.phase || "Starting"}</span>
				{steps && <span className="ml-auto shrink-0 text-sm text-text-2">{steps}</span>}
			</div>
			<ProgressBar progress={progress} label={label} />
			<div className="tabular min-h-[17px] text-sm text-text-2">
				{inShares ? shareWords(progress) : progressWords(progress)}
			</div>
		</div>
	);
}
