use std::time::Duration;

/// The bounds of one answer, one document and one scan. Passing one is an error, never a shorter answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The longest body of one page, in bytes.
    pub page_bytes_max: usize,
    /// The deepest nesting of elements; the root counts as 1.
    pub depth_max: usize,
    /// The most attributes on one tag.
    pub attributes_max: usize,
    /// The longest text of one element, and the longest single tag, comment or CDATA section, in bytes.
    pub text_bytes_max: usize,
    /// How many pages without a row may follow each other in one scan.
    pub empty_pages_max: u32,
    /// How many pages one scan may have.
    pub pages_max: u32,
    /// How long a region may make no progress: the time from one page to the next, retries included.
    pub region_idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            page_bytes_max: 64 << 20,
            depth_max: 64,
            attributes_max: 64,
            text_bytes_max: 1 << 20,
            empty_pages_max: 1_000,
            pages_max: 1_000_000,
            region_idle: Duration::from_secs(30),
        }
    }
}
