//! A script line as words: blanks part them, quotes hold them together.

/// A word, or the part of it after `name=`, may be quoted; `\"`, `\\`, `\n`, `\r`, `\t`, `\xHH` (a
/// byte) and `\u{H..}` (a character) are understood inside of quotes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Word {
    /// `n` in `n=2`.
    pub(super) name: Option<String>,
    pub(super) bytes: Vec<u8>,
    pub(super) quoted: bool,
}

impl Word {
    pub(super) fn text(&self) -> Result<&str, String> {
        std::str::from_utf8(&self.bytes).map_err(|_| format!("{self}: not UTF-8"))
    }

    /// The word itself when it is bare: not quoted, and without a name.
    pub(super) fn bare(&self) -> Option<&str> {
        (self.name.is_none() && !self.quoted).then(|| self.text().ok()).flatten()
    }

    pub(super) fn number<T: std::str::FromStr>(&self) -> Result<T, String> {
        self.text()?.parse().map_err(|_| format!("{self}: not a number"))
    }
}

impl std::fmt::Display for Word {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = String::from_utf8_lossy(&self.bytes);
        match &self.name {
            Some(name) => write!(f, "{name}={text}"),
            None => write!(f, "{text}"),
        }
    }
}

pub(super) fn split(line: &str) -> Result<Vec<Word>, String> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() {
        let mut name = None;
        let end = rest.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(rest.len());
        let named = rest.split_at(end).0.split_once('=').map(|(name, _)| name);
        if let Some(before) = named.filter(|name| name.chars().all(|c| c.is_ascii_lowercase())) {
            name = Some(before.to_owned());
            rest = rest.split_at(before.len() + 1).1;
        }
        let quoted = rest.starts_with('"');
        let (bytes, after) = if quoted { unquote(rest)? } else { bare(rest) };
        if !after.is_empty() && !after.starts_with(char::is_whitespace) {
            return Err(format!("{rest}: a blank must follow the quote"));
        }
        words.push(Word { name, bytes, quoted });
        rest = after.trim_start();
    }
    Ok(words)
}

fn bare(text: &str) -> (Vec<u8>, &str) {
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (word, after) = text.split_at(end);
    (word.as_bytes().to_vec(), after)
}

fn unquote(text: &str) -> Result<(Vec<u8>, &str), String> {
    let mut bytes = Vec::new();
    let mut chars = text.chars();
    chars.next();
    loop {
        match chars.next() {
            None => return Err(format!("{text}: the quote is not closed")),
            Some('"') => return Ok((bytes, chars.as_str())),
            Some('\\') => unescape(&mut chars, &mut bytes).ok_or_else(|| format!("{text}: a bad escape"))?,
            Some(c) => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

fn unescape(chars: &mut std::str::Chars<'_>, bytes: &mut Vec<u8>) -> Option<()> {
    match chars.next()? {
        c @ ('"' | '\\') => bytes.push(u8::try_from(c).ok()?),
        'n' => bytes.push(b'\n'),
        'r' => bytes.push(b'\r'),
        't' => bytes.push(b'\t'),
        'x' => {
            let digits: String = chars.by_ref().take(2).collect();
            bytes.push(u8::from_str_radix(&digits, 16).ok()?);
        }
        'u' => {
            let (digits, after) = chars.as_str().strip_prefix('{')?.split_once('}')?;
            let c = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
            bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            *chars = after.chars();
        }
        _ => return None,
    }
    Some(())
}
