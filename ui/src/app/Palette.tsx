// Ctrl/Cmd-K: pages, databases, backups and actions, by typing a part of their name.

import { Command } from "cmdk";
import { Dialog } from "radix-ui";
import { useState } from "react";
import { useRead } from "@/api/queries";
import { Actions, Backups, Databases, Pages } from "./paletteGroups";

export function Palette({ open, onOpen }: { open: boolean; onOpen: (open: boolean) => void }) {
	return (
		<Dialog.Root open={open} onOpenChange={onOpen}>
			<Dialog.Portal>
				<Dialog.Overlay className="fixed inset-0 z-40 bg-black/25 dark:bg-black/45" />
				<Dialog.Content
					aria-describedby={undefined}
					className="fixed top-[12vh] left-1/2 z-50 w-[min(600px,calc(100vw-48px))] -translate-x-1/2 overflow-hidden rounded-xl border border-line bg-panel shadow-float outline-none"
				>
					<Dialog.Title className="sr-only">Find anything</Dialog.Title>
					<Content onDone={() => onOpen(false)} />
				</Dialog.Content>
			</Dialog.Portal>
		</Dialog.Root>
	);
}

function Content({ onDone }: { onDone: () => void }) {
	const [text, setText] = useState("");
	const connections = useRead("connection.list", {}).data?.connections ?? [];
	const done = (act: () => unknown) => () => {
		onDone();
		act();
	};
	return (
		<Command label="Find anything" loop className="flex max-h-[min(460px,70vh)] flex-col">
			<Command.Input
				value={text}
				onValueChange={setText}
				placeholder="Databases, backups, actions, pages"
				className="h-11 w-full shrink-0 border-line border-b bg-transparent px-4 text-[14px] outline-none"
				data-testid="palette-input"
			/>
			<Command.List className="scroll-thin min-h-0 overflow-y-auto p-1.5 [&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:font-medium [&_[cmdk-group-heading]]:text-text-3 [&_[cmdk-group-heading]]:text-xs">
				<Command.Empty className="px-4 py-6 text-center text-text-2">Nothing is called that.</Command.Empty>
				<Databases connections={connections} done={done} />
				<Actions connections={connections} done={done} />
				<Pages connections={connections} done={done} />
				<Backups text={text} done={done} />
			</Command.List>
		</Command>
	);
}
