//! TBD
pub(crate) fn run(_check: bool) -> Result<String, String> { Ok(String::new()) }
