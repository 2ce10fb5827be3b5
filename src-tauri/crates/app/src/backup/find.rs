//! Which backup (or restore) a few typed digits mean.

use holdfast_contract::{ApiError, ErrorCode};

/// Shorter prefixes would be guesses.
const MIN_PREFIX: usize = 4;

/// `what` is the word for people: "backup". An exact id always wins.
pub(crate) fn resolve<'a>(
    typed: &str,
    ids: impl IntoIterator<Item = &'a str>,
    what: &str,
) -> Result<String, ApiError> {
    let wanted = typed.trim().to_ascii_lowercase();
    if wanted.len() < MIN_PREFIX || !wanted.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-') {
        return Err(ApiError::new(ErrorCode::BadRequest, format!("“{typed}” is not the id of a {what}."))
            .hint(format!("Give the id, or at least its first {MIN_PREFIX} digits.")));
    }
    let mut hits: Vec<&str> = ids.into_iter().filter(|id| id.starts_with(&wanted)).collect();
    hits.sort_unstable();
    hits.dedup();
    match hits.as_slice() {
        [one] => Ok((*one).to_owned()),
        [] => Err(ApiError::new(ErrorCode::NotFound, format!("There is no {what} {typed}."))
            .hint(format!("Look at the list of {what}s for its id."))),
        several if several.contains(&wanted.as_str()) => Ok(wanted),
        several => {
            Err(ApiError::new(ErrorCode::Ambiguous, format!("{} {what}s begin with {typed}.", several.len()))
                .hint("Give more digits."))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_prefix_must_mean_one() {
        let ids = ["aaaa11", "aaaa22", "bbbb", "bbbb33"];
        let code = |typed| resolve(typed, ids, "backup").unwrap_err().code;
        assert_eq!(resolve("AAAA1", ids, "backup").unwrap(), "aaaa11");
        assert_eq!(resolve("bbbb", ids, "backup").unwrap(), "bbbb", "an exact id is not ambiguous");
        assert_eq!(code("aaaa"), ErrorCode::Ambiguous);
        assert_eq!(code("cccc"), ErrorCode::NotFound);
        assert_eq!(code("aaa"), ErrorCode::BadRequest);
        assert_eq!(code("latest"), ErrorCode::BadRequest);
    }
}
