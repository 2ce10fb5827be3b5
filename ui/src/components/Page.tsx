// The frame of a page: title row, optional tabs, scrolling content.

import type { ReactNode } from "react";
import { classes } from "./classes";

interface PageProps {
	title: ReactNode;
	beside?: ReactNode;
	actions?: ReactNode;
	tabs?: ReactNode;
	/** The page's content manages its own height. */
	fill?: boolean;
	children: ReactNode;
}

export function Page({ title, beside, actions, tabs, fill, children }: PageProps) {
	return (
		<>
			<header className={classes("flex min-h-[52px] items-center gap-3 px-5 pt-3", tabs ? "pb-1" : "pb-2")}>
				<div className="flex min-w-0 flex-1 items-center gap-2.5">
					<h1
						title={typeof title === "string" ? title : undefined}
						className="max-w-[60%] shrink-0 truncate font-semibold text-lg tracking-tight"
					>
						{title}
					</h1>
					{beside}
				</div>
				<div className="flex shrink-0 items-center gap-2">{actions}</div>
			</header>
			{tabs}
			<div
				className={classes(
					"scroll-thin min-h-0 flex-1 px-5 pt-3 pb-5",
					fill ? "flex flex-col overflow-hidden" : "overflow-y-auto",
				)}
			>
				{children}
			</div>
		</>
	);
}
