//! The long forms of tests whose worth grows with the number of tries.

/// How often to try: `short` in the usual run, `long` under `cargo xtask campaign`.
pub fn rounds(short: u32, long: u32) -> u32 {
    if std::env::var_os("HOLDFAST_CAMPAIGN").is_some() { long } else { short }
}
