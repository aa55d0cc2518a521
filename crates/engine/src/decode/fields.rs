//! The members of one structure: which child element goes into which builder.

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::error::ArrowError;
use ec2ql_ec2::{Document, Error};

use super::builder::Builder;

/// What happens to a child element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// Known to the table, not wanted by the statement.
    Skip,
    /// Read into the builder at this place.
    Build(usize),
    /// The list whose items are the next level of rows.
    Rows,
}

/// Takes the element of `Use::Rows` that was just entered; returns the bytes of text kept.
pub(super) type ReadRows<'r> = &'r mut dyn FnMut(&mut Document<'_>) -> Result<usize, Error>;

#[derive(Debug, Default)]
pub(super) struct FieldSet {
    members: Vec<Member>,
    builders: Vec<Builder>,
    /// How many structures there are so far, absent ones included.
    structures: usize,
    /// The place of the member that began the structure before.
    first: usize,
    /// An element that may stand between an item and its fields.
    wrapper: Option<String>,
}

#[derive(Debug)]
struct Member {
    name: String,
    what: Use,
    /// The structure in which it was last seen, from 1. It says how many NULLs are owed to the builder, which gets
    /// them when it is needed next: most members of a wide structure are absent most of the time.
    seen: usize,
    /// The place of the member that followed it last: elements arrive in an order that seldom changes.
    follower: usize,
}

impl FieldSet {
    /// Every member of a structure, built.
    pub(super) fn of_struct(fields: &[ec2ql_catalog::Field], path: &str) -> Self {
        let mut set = Self::default();
        for field in fields {
            set.build(&field.wire, Builder::new(&field.data_type, format!("{path}.{}", field.name)));
        }
        set
    }

    pub(super) fn with_wrapper(wrapper: Option<String>) -> Self {
        Self { wrapper, ..Self::default() }
    }

    /// Reads children called `wire` into this builder; returns its place.
    pub(super) fn build(&mut self, wire: &str, builder: Builder) -> usize {
        let place = self.builders.len();
        self.builders.push(builder);
        self.name(wire, Use::Build(place));
        place
    }

    /// Says what becomes of children called `wire`.
    pub(super) fn name(&mut self, wire: &str, what: Use) {
        // Until the order is known, the table's own is the best guess.
        let follower = self.members.len() + 1;
        self.members.push(Member { name: wire.to_owned(), what, seen: 0, follower });
    }

    /// The place of the builder that reads `wire`, if one does.
    pub(super) fn place(&self, wire: &str) -> Option<usize> {
        self.members.iter().find_map(|member| match member.what {
            Use::Build(place) if member.name == wire => Some(place),
            _ => None,
        })
    }

    pub(super) fn knows(&self, wire: &str) -> bool {
        self.members.iter().any(|member| member.name == wire)
    }

    /// True when no child of the structure is wanted: the whole of it can be skipped.
    pub(super) fn is_unwanted(&self) -> bool {
        self.members.iter().all(|member| member.what == Use::Skip)
    }

    /// Reads the structure that was just entered, to its end; absent members become NULL.
    pub(super) fn read(&mut self, document: &mut Document<'_>, rows: Option<ReadRows<'_>>) -> Result<usize, Error> {
        self.structures += 1;
        self.children(document, rows)
    }

    /// So many structures without any member.
    pub(super) fn append_nulls(&mut self, count: usize) {
        self.structures += count;
    }

    pub(super) fn finish(&mut self) -> Result<Vec<ArrayRef>, ArrowError> {
        let structures = std::mem::take(&mut self.structures);
        for member in &mut self.members {
            let owed = structures - std::mem::take(&mut member.seen);
            if let Use::Build(place) = member.what
                && let Some(builder) = self.builders.get_mut(place)
            {
                builder.append_nulls(owed);
            }
        }
        self.builders.iter_mut().map(Builder::finish).collect()
    }

    fn children(&mut self, document: &mut Document<'_>, mut rows: Option<ReadRows<'_>>) -> Result<usize, Error> {
        let mut bytes = 0;
        let mut before = None;
        loop {
            let expected = self.follower(before);
            let place = if self.members.get(expected).is_some_and(|member| document.enter_if(&member.name)) {
                expected
            } else {
                let Some(name) = document.child()? else { return Ok(bytes) };
                match self.find(name, before) {
                    Some(place) => place,
                    None if self.wrapper.as_deref() == Some(name) => {
                        bytes += self.children(document, rows.as_deref_mut().map(|rows| rows as ReadRows<'_>))?;
                        continue;
                    }
                    None => {
                        document.skip()?;
                        continue;
                    }
                }
            };
            before = Some(place);
            let Some(member) = self.members.get_mut(place) else { continue };
            let seen = std::mem::replace(&mut member.seen, self.structures);
            if seen == self.structures {
                return Err(document.invalid(format_args!("element \"{}\" stands twice in one structure", member.name)));
            }
            bytes += match (member.what, &mut rows) {
                (Use::Build(place), _) => match self.builders.get_mut(place) {
                    Some(builder) => {
                        builder.append_nulls(self.structures - seen - 1);
                        builder.read(document)?
                    }
                    None => 0,
                },
                (Use::Rows, Some(rows)) => rows(document)?,
                (Use::Skip | Use::Rows, _) => {
                    document.skip()?;
                    0
                }
            };
        }
    }

    /// The place of the member that is to be expected after this one, or first.
    fn follower(&self, before: Option<usize>) -> usize {
        before.map_or(self.first, |before| self.members.get(before).map_or(0, |member| member.follower))
    }

    /// The place of the member with this name. Absent members are passed over; when it is none of the next few, it has
    /// a new place in the order.
    fn find(&mut self, name: &str, before: Option<usize>) -> Option<usize> {
        const PASSED_MAX: usize = 4;
        let mut place = self.follower(before);
        for _ in 0..=PASSED_MAX {
            let Some(member) = self.members.get(place) else { break };
            if member.name == name {
                return Some(place);
            }
            place = member.follower;
        }
        let found = self.members.iter().position(|member| member.name == name)?;
        match before.and_then(|before| self.members.get_mut(before)) {
            Some(before) => before.follower = found,
            None => self.first = found,
        }
        Some(found)
    }
}
