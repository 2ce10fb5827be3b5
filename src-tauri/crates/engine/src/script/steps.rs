//! A script as a runner takes it: judged again, piece by piece, and at the end proven to be the file that was looked
//! through.

use holdfast_contract::import::SqlDialect;
use holdfast_contract::{ApiError, ErrorCode};

use super::excerpt::excerpt;
use super::judge::{Action, Judge};
use super::{Script, Splitter, What};
use crate::{EngineError, Result};

/// One statement.
#[derive(Clone, Debug)]
pub struct Told {
    pub line: u64,
    /// `CREATE TABLE public.orders`: for people, without data.
    pub what: String,
    pub kind: String,
    pub sql: String,
    /// The server wants it in a message of its own.
    pub alone: bool,
}

impl Told {
    /// The hint of its failure: how it begins, and what else is advised.
    pub fn hint(&self, dialect: SqlDialect, advice: Option<&str>) -> String {
        let shown = format!("The statement begins: {}", excerpt(&self.sql, dialect));
        advice.map_or(shown.clone(), |advice| format!("{shown}\n{advice}"))
    }
}

#[derive(Debug)]
pub enum Step {
    Statement(Told),
    /// Text of COPY rows, and how many line ends it has.
    Rows(Vec<u8>, u64),
    RowsEnd,
}

/// Blocks: for a thread of its own.
pub struct Steps {
    splitter: Splitter,
    judge: Judge,
    hash: String,
    consumed: u64,
    batches: bool,
}

impl Steps {
    pub fn open(script: &Script) -> Result<Self> {
        Ok(Self {
            splitter: Splitter::open(&script.file, script.dialect)?,
            judge: Judge::new(script.dialect, script.without_owners, script.one_transaction),
            hash: script.hash.clone(),
            consumed: 0,
            batches: script.one_transaction,
        })
    }

    pub fn file_bytes(&self) -> u64 {
        self.splitter.feed.input.file_bytes
    }

    /// Bytes of the file used up since the last time this was asked.
    pub fn progress(&mut self) -> u64 {
        let consumed = self.splitter.feed.input.consumed();
        let more = consumed.saturating_sub(self.consumed);
        self.consumed = consumed;
        more
    }

    /// `None` when the whole file has been read and is the one that was looked through.
    #[expect(clippy::should_implement_trait, reason = "an iterator cannot end with an error of its own")]
    pub fn next(&mut self) -> Result<Option<Step>> {
        while let Some(piece) = self.splitter.next()? {
            match piece.what {
                What::Space => continue,
                What::Rows => {
                    let lines = super::feed::newlines(&piece.text);
                    return Ok(Some(Step::Rows(piece.text, lines)));
                }
                What::RowsEnd => return Ok(Some(Step::RowsEnd)),
                What::Command | What::Statement => {}
            }
            let Some(verdict) = self.judge.judge(&piece) else { continue };
            match verdict.action {
                Action::LeaveOut(_) => continue,
                Action::Refuse(why) => {
                    let message = format!("Line {}: {} is refused: {why}.", piece.line, verdict.what);
                    return Err(EngineError::unsupported(message));
                }
                Action::Run => {}
            }
            // A SET may change how the text after it is read, so nothing shares its message.
            let alone = verdict.kind == "SET"
                || verdict.outside_transaction
                || verdict.control
                || (!self.batches && verdict.kind != "INSERT");
            let (line, what, kind) = (piece.line, verdict.what, verdict.kind);
            let mut sql = piece.text;
            sql.truncate(piece.body);
            let sql = String::from_utf8(sql)
                .map_err(|_| EngineError::misuse(format!("Line {line}: this is not UTF-8 text.")))?;
            return Ok(Some(Step::Statement(Told { line, what, kind, sql, alone })));
        }
        if self.splitter.feed.input.hash()? == self.hash {
            return Ok(None);
        }
        Err(ApiError::new(ErrorCode::PlanMoved, "The file has changed since it was looked through.")
            .hint("Make the plan again with the file as it is now.")
            .into())
    }
}
