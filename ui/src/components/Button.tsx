import type { ButtonHTMLAttributes, ReactNode, Ref } from "react";
import { classes } from "./classes";

type Tone = "plain" | "primary" | "danger" | "danger-solid" | "quiet";

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
	tone?: Tone;
	small?: boolean;
	busy?: boolean;
	icon?: ReactNode;
	ref?: Ref<HTMLButtonElement>;
}

const tones: Record<Tone, string> = {
	plain: "border-line bg-raised text-text hover:bg-line-soft",
	primary: "border-transparent bg-accent text-on-accent hover:bg-accent-hover",
	danger: "border-line bg-raised text-bad hover:bg-bad-soft",
	"danger-solid": "border-transparent bg-bad text-on-bad hover:brightness-110",
	quiet: "border-transparent bg-transparent text-text-2 hover:bg-line-soft hover:text-text",
};

export function Button({
	tone = "plain",
	small,
	busy,
	icon,
	className,
	children,
	disabled,
	...rest
}: ButtonProps) {
	return (
		<button
			type="button"
			className={classes(
				"inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md border font-medium whitespace-nowrap transition-colors",
				"disabled:pointer-events-none disabled:opacity-50",
				small ? "h-6 px-2 text-sm" : "h-7 px-3 text-[12.5px]",
				tones[tone],
				className,
			)}
			disabled={disabled || busy}
			aria-busy={busy || undefined}
			{...rest}
		>
			{busy ? <Spinner /> : icon}
			{children}
		</button>
	);
}

interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
	/** What it does; also its tooltip. */
	label: string;
	ref?: Ref<HTMLButtonElement>;
}

export function IconButton({ label, className, children, ...rest }: IconButtonProps) {
	return (
		<button
			type="button"
			aria-label={label}
			title={label}
			className={classes(
				"inline-flex size-6 shrink-0 items-center justify-center rounded-md text-text-2 transition-colors hover:bg-line-soft hover:text-text",
				"disabled:pointer-events-none disabled:opacity-50 [&_svg]:size-3.5",
				className,
			)}
			{...rest}
		>
			{children}
		</button>
	);
}

export function Spinner() {
	return (
		<span
			aria-hidden
			className="size-3 animate-spin rounded-full border-[1.5px] border-current border-r-transparent"
		/>
	);
}
