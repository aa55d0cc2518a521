//! Skipping: what is not wanted is mostly written as it was written before.
//!
//! Between two texts stands markup: `</key>`, a line end, `<value>`. In a listing the same markup stands there in item
//! after item. So it is read tag by tag once, and then compared as a whole: every byte is still looked at, and what
//! stands between the same two texts is the same markup or is read tag by tag again.

use super::Plain;

/// Different documents have some dozens of places; what comes after these is read tag by tag.
const PLACES_MAX: usize = 512;
/// Slots of the elements at which skipping began, by a hash of their names.
const STARTS: usize = 64;
/// Markups that are remembered for one place: elements that are absent at times make them differ.
const RUNS: usize = 2;

/// The places in the subtrees that were skipped.
pub(super) struct Shapes<'a> {
    places: Vec<Place<'a>>,
    starts: [Option<usize>; STARTS],
}

/// Behind the tag of an element, where its text begins.
struct Place<'a> {
    name: &'a str,
    /// How many elements are open here.
    depth: usize,
    /// The place of the element around this one; none where skipping began.
    parent: Option<usize>,
    /// What followed the text here; the last one first.
    runs: [Run<'a>; RUNS],
}

/// Markup from the end of one text to the beginning of the next.
#[derive(Clone, Copy, Default)]
struct Run<'a> {
    /// Empty: there is none.
    bytes: &'a [u8],
    /// How many items begin in it.
    items: u64,
    /// The place where the next text begins; none when it ends the subtree.
    next: Option<usize>,
}

impl Default for Shapes<'_> {
    fn default() -> Self {
        Self { places: vec![], starts: [None; STARTS] }
    }
}

impl<'a> Shapes<'a> {
    /// The place of an element at which skipping begins.
    #[inline]
    fn start(&mut self, name: &'a str, depth: usize) -> Option<usize> {
        let ends = |byte: Option<&u8>| usize::from(byte.copied().unwrap_or_default());
        let bytes = name.as_bytes();
        let slot = (ends(bytes.first()) + ends(bytes.last()) * 5 + bytes.len() * 9 + depth * 23) % STARTS;
        let known = *self.starts.get(slot)?;
        if known
            .and_then(|place| self.places.get(place))
            .is_some_and(|place| place.depth == depth && place.name == name)
        {
            return known;
        }
        let place = self.child(None, name, depth)?;
        *self.starts.get_mut(slot)? = Some(place);
        Some(place)
    }

    /// The place of an element in another; none when there are too many.
    fn child(&mut self, parent: Option<usize>, name: &'a str, depth: usize) -> Option<usize> {
        let same = |place: &Place<'_>| place.parent == parent && place.depth == depth && place.name == name;
        if let Some(known) = self.places.iter().position(same) {
            return Some(known);
        }
        if self.places.len() == PLACES_MAX {
            return None;
        }
        self.places.push(Place { name, depth, parent, runs: [Run::default(); RUNS] });
        Some(self.places.len() - 1)
    }

    /// The markup here, if it is one that followed this place before.
    #[inline]
    fn follow(&mut self, place: usize, rest: &[u8]) -> Option<Run<'a>> {
        let runs = &mut self.places.get_mut(place)?.runs;
        let found = runs.iter().position(|run| !run.bytes.is_empty() && rest.starts_with(run.bytes))?;
        if found > 0 {
            runs.swap(0, found);
        }
        runs.first().copied()
    }

    fn remember(&mut self, place: usize, run: Run<'a>) {
        if let Some(place) = self.places.get_mut(place) {
            place.runs.rotate_right(1);
            place.runs[0] = run;
        }
    }
}

impl Plain<'_> {
    /// Leaves the element just entered.
    pub(crate) fn skip(&mut self) -> Option<()> {
        let outside = self.open.len().checked_sub(1)?;
        if self.empty {
            self.empty = false;
            self.open.pop();
            return Some(());
        }
        let mut place = self.shapes.start(self.open.last()?, outside + 1);
        // Whether the names of the open elements are those of the place.
        let mut named = true;
        loop {
            let tag = self.text_end();
            if let (Some(known), Some(tag)) = (place, tag)
                && let Some(run) = self.shapes.follow(known, self.text.as_bytes().get(tag..)?)
            {
                self.at = tag + run.bytes.len();
                self.items += run.items;
                named = false;
                if run.next.is_none() {
                    self.open.truncate(outside);
                    return Some(());
                }
                place = run.next;
                continue;
            }
            if let (false, Some(place)) = (named, place) {
                self.name_open(place, outside);
            }
            named = true;
            self.walk(&mut place, tag?, outside)?;
            if self.open.len() == outside {
                return Some(());
            }
        }
    }

    /// Reads tags from the place to the one where the next text begins, or to the end of the subtree, and remembers them.
    fn walk(&mut self, place: &mut Option<usize>, begin: usize, outside: usize) -> Option<()> {
        let (from, mut tag, items) = (*place, begin, self.items);
        loop {
            if self.is_end_tag(tag) {
                self.close(tag)?;
                *place = place.and_then(|place| self.shapes.places.get(place)?.parent);
            } else {
                let name = self.enter(tag)?;
                if self.empty {
                    self.empty = false;
                    self.open.pop();
                } else {
                    *place = place.and_then(|place| self.shapes.child(Some(place), name, self.open.len()));
                    break;
                }
            }
            if self.open.len() == outside {
                break;
            }
            tag = self.gap_end()?;
        }
        if let (Some(from), true) = (from, place.is_some() || self.open.len() == outside) {
            let bytes = self.text.as_bytes().get(begin..self.at)?;
            self.shapes.remember(from, Run { bytes, items: self.items - items, next: *place });
        }
        Some(())
    }

    /// Gives the open elements the names that they have at a place.
    fn name_open(&mut self, place: usize, outside: usize) {
        self.open.truncate(outside);
        let mut place = self.shapes.places.get(place);
        while let Some(inner) = place {
            self.open.insert(outside.min(self.open.len()), inner.name);
            place = inner.parent.and_then(|parent| self.shapes.places.get(parent));
        }
    }
}
