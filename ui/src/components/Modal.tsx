// A dialog over the page: focus is held inside, Esc closes, the page behind cannot scroll.

import { X } from "lucide-react";
import { Dialog } from "radix-ui";
import type { ReactNode } from "react";
import { IconButton } from "./Button";
import { classes } from "./classes";

interface ModalProps {
	title: ReactNode;
	/** One sentence under the title, read out with it. */
	about?: ReactNode;
	open: boolean;
	onClose: () => void;
	children: ReactNode;
	footer?: ReactNode;
	wide?: boolean;
	testId?: string;
}

export function Modal({ title, about, open, onClose, children, footer, wide, testId }: ModalProps) {
	return (
		<Dialog.Root open={open} onOpenChange={(next) => !next && onClose()}>
			<Dialog.Portal>
				<Dialog.Overlay className="fixed inset-0 z-40 bg-black/35 dark:bg-black/55" />
				<Dialog.Content
					data-testid={testId}
					{...(about ? {} : { "aria-describedby": undefined })}
					className={classes(
						"fixed top-1/2 left-1/2 z-50 flex max-h-[calc(100vh-48px)] -translate-x-1/2 -translate-y-1/2 flex-col rounded-xl border border-line bg-panel shadow-float outline-none",
						wide ? "w-[min(760px,calc(100vw-48px))]" : "w-[min(500px,calc(100vw-48px))]",
					)}
				>
					<div className="flex items-start gap-3 px-5 pt-4 pb-2">
						<div className="min-w-0 flex-1">
							<Dialog.Title className="font-semibold text-[15px] wrap-anywhere">{title}</Dialog.Title>
							{about && (
								<Dialog.Description className="mt-0.5 text-text-2 wrap-anywhere">{about}</Dialog.Description>
							)}
						</div>
						<Dialog.Close asChild>
							<IconButton label="Close">
								<X />
							</IconButton>
						</Dialog.Close>
					</div>
					<div className="scroll-thin min-h-0 flex-1 overflow-y-auto px-5 py-2">{children}</div>
					{footer && (
						<div className="flex flex-wrap items-center justify-end gap-2 border-line border-t px-5 py-3">
							{footer}
						</div>
					)}
				</Dialog.Content>
			</Dialog.Portal>
		</Dialog.Root>
	);
}
