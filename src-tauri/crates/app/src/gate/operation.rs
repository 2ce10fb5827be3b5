//! What an operation is. Adding one touches three places: the contract, one `impl`, one word in the list.

use std::future::Future;

use holdfast_contract::ApiError;
use holdfast_contract::policy::{Policy, Target};
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use crate::cx::Cx;

pub trait Operation: 'static {
    /// `restore.apply`.
    const NAME: &'static str;
    /// No default: every operation says what it needs, risks and asks.
    const POLICY: Policy;
    /// Serialised for the audit log, where every [`holdfast_contract::connection::Password`] is `***`.
    type Request: DeserializeOwned + Serialize + ToSchema + Send + 'static;
    type Response: Serialize + ToSchema + Send + 'static;
    /// What is touched. A connection may be named by id or name: the gate looks it up. An operation that asks
    /// for confirmation must answer `Target::Plan`.
    fn target(request: &Self::Request) -> Target;
    fn run(cx: Cx, request: Self::Request) -> impl Future<Output = Result<Self::Response, ApiError>> + Send;
}
