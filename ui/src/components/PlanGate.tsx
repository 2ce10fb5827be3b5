// Asks for a plan once and shows a dialog while it comes or when it cannot be made. A plan is never taken from the cache:
// it is made for this very look.

import { type ReactNode, useEffect, useRef } from "react";
import type { OperationName, Request, Response } from "@/api/client";
import { useAct } from "@/api/queries";
import { Button } from "./Button";
import { Modal } from "./Modal";
import { ErrorState, LoadingRows } from "./States";

interface PlanGateProps<K extends OperationName> {
	operation: K;
	request: Request<K>;
	title: string;
	onClose: () => void;
	children: (plan: Response<K>) => ReactNode;
}

export function PlanGate<K extends OperationName>({
	operation,
	request,
	title,
	onClose,
	children,
}: PlanGateProps<K>) {
	const plan = useAct(operation);
	const asked = useRef(false);
	const { mutate } = plan;
	useEffect(() => {
		if (asked.current) return;
		asked.current = true;
		mutate({ request });
	}, [mutate, request]);
	if (plan.data !== undefined) return children(plan.data);
	return (
		<Modal title={title} open onClose={onClose} footer={<Button onClick={onClose}>Close</Button>}>
			{plan.error ? (
				<ErrorState error={plan.error} onRetry={() => mutate({ request })} />
			) : (
				<LoadingRows rows={3} />
			)}
		</Modal>
	);
}
