// A menu behind one button: what is done less often with a thing.

import { ChevronDown, Ellipsis } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import type { ReactNode } from "react";
import { Button, IconButton } from "./Button";

interface MenuProps {
	/** What it is for, read out. */
	label: string;
	/** On the button; without it the button is three dots. */
	text?: string;
	children: ReactNode;
	testId?: string;
}

export function Menu({ label, text, children, testId }: MenuProps) {
	return (
		<DropdownMenu.Root>
			<DropdownMenu.Trigger asChild>
				{text ? (
					<Button aria-label={label} data-testid={testId}>
						{text}
						<ChevronDown aria-hidden className="size-3.5" />
					</Button>
				) : (
					<IconButton
						label={label}
						data-testid={testId}
						onClick={(event) => event.stopPropagation()}
						onDoubleClick={(event) => event.stopPropagation()}
					>
						<Ellipsis />
					</IconButton>
				)}
			</DropdownMenu.Trigger>
			<DropdownMenu.Portal>
				<DropdownMenu.Content
					align="end"
					sideOffset={4}
					collisionPadding={8}
					// Portals bubble through React's tree: a click here is not a click on the row.
					onClick={(event) => event.stopPropagation()}
					className="z-50 min-w-52 rounded-lg border border-line bg-raised p-1 shadow-float"
				>
					{children}
				</DropdownMenu.Content>
			</DropdownMenu.Portal>
		</DropdownMenu.Root>
	);
}

export function MenuItem({
	onPick,
	danger,
	about,
	testId,
	children,
}: {
	onPick: () => void;
	danger?: boolean;
	about?: string;
	testId?: string;
	children: ReactNode;
}) {
	return (
		<DropdownMenu.Item
			onSelect={onPick}
			data-testid={testId}
			className={`rounded-md px-2.5 py-1.5 outline-none data-highlighted:bg-accent-soft ${danger ? "text-bad data-highlighted:bg-bad-soft" : ""}`}
		>
			<span className="block">{children}</span>
			{about && <span className="block text-sm text-text-2">{about}</span>}
		</DropdownMenu.Item>
	);
}

export function MenuLine() {
	return <DropdownMenu.Separator className="my-1 h-px bg-line" />;
}
