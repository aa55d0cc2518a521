//! The fields of an answer, in the order in which EC2 writes them.

use std::fmt::Display;

/// The children of an element.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Fields(Vec<Element>);

#[derive(Debug, Clone, PartialEq)]
struct Element {
    name: &'static str,
    content: Content,
}

#[derive(Debug, Clone, PartialEq)]
enum Content {
    Text(String),
    Children(Fields),
}

impl Fields {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn text(self, name: &'static str, text: impl Display) -> Self {
        self.push(name, Content::Text(text.to_string()))
    }

    /// Nothing at all when there is no text: an absent element is not an empty one.
    pub(crate) fn optional(self, name: &'static str, text: Option<impl Display>) -> Self {
        match text {
            Some(text) => self.text(name, text),
            None => self,
        }
    }

    pub(crate) fn group(self, name: &'static str, fields: Fields) -> Self {
        self.push(name, Content::Children(fields))
    }

    pub(crate) fn list(self, name: &'static str, items: impl IntoIterator<Item = Fields>) -> Self {
        let items = items.into_iter().fold(Fields::new(), |list, item| list.group("item", item));
        self.group(name, items)
    }

    pub(crate) fn tags(self, tags: &[(String, String)]) -> Self {
        let items = tags.iter().map(|(key, value)| Fields::new().text("key", key).text("value", value));
        self.list("tagSet", items)
    }

    /// Nothing at all when there are no tags to speak of; answers of old have no `tagSet`.
    pub(crate) fn optional_tags(self, tags: Option<&[(String, String)]>) -> Self {
        match tags {
            Some(tags) => self.tags(tags),
            None => self,
        }
    }

    pub(crate) fn extend(mut self, other: Fields) -> Self {
        self.0.extend(other.0);
        self
    }

    fn push(mut self, name: &'static str, content: Content) -> Self {
        self.0.push(Element { name, content });
        self
    }

    /// Every text that a path such as `ebs/volumeId` leads to; list items are `item`.
    pub(crate) fn values(&self, path: &str) -> Vec<&str> {
        let (name, rest) = path.split_once('/').unwrap_or((path, ""));
        let named = self.0.iter().filter(|element| element.name == name);
        named
            .flat_map(|element| match &element.content {
                Content::Text(text) if rest.is_empty() => vec![text.as_str()],
                Content::Text(_) => Vec::new(),
                Content::Children(children) => children.values(rest),
            })
            .collect()
    }

    pub(crate) fn values_under(&self, prefix: &str, path: &str) -> Vec<&str> {
        self.values(&format!("{prefix}{path}"))
    }

    /// One row for each item of the list `name`: the other fields repeated, and that item alone.
    pub(crate) fn explode(&self, name: &str) -> Vec<Fields> {
        let Some(at) = self.0.iter().position(|element| element.name == name) else {
            return Vec::new();
        };
        let Some(Element { content: Content::Children(items), .. }) = self.0.get(at) else {
            return Vec::new();
        };
        let one = |item: &Element| {
            let mut row = self.clone();
            if let Some(element) = row.0.get_mut(at) {
                element.content = Content::Children(Fields(vec![item.clone()]));
            }
            row
        };
        items.0.iter().map(one).collect()
    }

    /// The opposite of [`Fields::explode`] for neighbours that agree in the text at `key`.
    pub(crate) fn gather(rows: Vec<Fields>, name: &str, key: &str) -> Vec<Fields> {
        let mut gathered: Vec<Fields> = Vec::new();
        for row in rows {
            match gathered.last_mut() {
                Some(last) if last.values(key) == row.values(key) => last.absorb(row, name),
                _ => gathered.push(row),
            }
        }
        gathered
    }

    fn absorb(&mut self, other: Fields, name: &str) {
        let into = self.0.iter_mut().find(|element| element.name == name);
        let from = other.0.into_iter().find(|element| element.name == name);
        if let (
            Some(Element { content: Content::Children(into), .. }),
            Some(Element { content: Content::Children(from), .. }),
        ) = (into, from)
        {
            into.0.extend(from.0);
        }
    }

    /// Indented by four spaces a level, as EC2 does.
    pub(crate) fn write(&self, level: usize, out: &mut String) {
        let indent = "    ".repeat(level);
        for Element { name, content } in &self.0 {
            match content {
                Content::Text(text) if !text.is_empty() => {
                    out.extend([&indent, "<", name, ">", &escape(text), "</", name, ">\n"]);
                }
                Content::Children(children) if !children.0.is_empty() => {
                    out.extend([&indent, "<", name, ">\n"]);
                    children.write(level + 1, out);
                    out.extend([&indent, "</", name, ">\n"]);
                }
                _ => out.extend([&indent, "<", name, "/>\n"]),
            }
        }
    }
}

/// Text inside an element. A carriage return would be read back as a line feed if it were bare.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#xD;"),
            c => out.push(c),
        }
    }
    out
}
