//! The menu as a value. Its sections and the places in them are fixed, so that a backend can change texts without
//! laying the menu out again: an open menu survives that.

use super::MenuAction;

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its text, plain; a backend escapes it.
    pub label: String,
    /// What a click asks for; a row without one cannot be clicked.
    pub action: Option<MenuAction>,
    /// It keeps its place and is not seen.
    pub is_hidden: bool,
    /// What opens beside it. Always as many rows in the same order, some of them hidden.
    pub rows: Vec<Self>,
}

impl Row {
    /// A row that can be clicked.
    pub fn active(label: impl Into<String>, action: MenuAction) -> Self {
        Self { label: label.into(), action: Some(action), is_hidden: false, rows: Vec::new() }
    }

    /// A row that only tells something.
    pub fn text(label: impl Into<String>) -> Self {
        Self { label: label.into(), action: None, is_hidden: false, rows: Vec::new() }
    }

    /// A row beside which others open.
    pub fn opening(label: impl Into<String>, rows: Vec<Self>) -> Self {
        Self { rows, ..Self::text(label) }
    }

    /// A place that is free.
    #[must_use]
    pub fn free() -> Self {
        Self { is_hidden: true, ..Self::text("") }
    }

    /// The same, seen or not.
    #[must_use]
    pub fn shown_if(self, is_shown: bool) -> Self {
        Self { is_hidden: !is_shown, ..self }
    }

    /// Those of its rows that are seen.
    pub fn shown_rows(&self) -> impl Iterator<Item = &Self> {
        self.rows.iter().filter(|row| !row.is_hidden)
    }
}

/// Rows between two separators. A section without rows is not shown, nor its separator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// At most `places` rows.
    pub rows: Vec<Row>,
    /// How many rows the section can ever have.
    pub places: usize,
}

impl Section {
    /// Its rows that are seen.
    pub fn seen(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| !row.is_hidden)
    }
}

/// The whole menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Menu {
    /// Always the same sections in the same order.
    pub sections: Vec<Section>,
}

impl Menu {
    /// The sections that have rows.
    pub fn shown(&self) -> impl Iterator<Item = &Section> {
        self.sections.iter().filter(|section| section.seen().next().is_some())
    }

    /// The shown sections as lines, with separators between them.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        let sections: Vec<Vec<Line>> =
            self.shown().map(|section| section.seen().cloned().map(Line::Row).collect()).collect();
        sections.join(&Line::Separator)
    }
}

/// A line of a menu that has no places, only what is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// Parts two sections.
    Separator,
    /// Something to read or to click.
    Row(Row),
}

impl Line {
    /// Whether the one can become the other by a change of its text alone.
    #[must_use]
    pub fn has_same_place(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Separator, Self::Separator) => true,
            (Self::Row(one), Self::Row(other)) => {
                let rows = one.shown_rows().map(|row| &row.action).eq(other.shown_rows().map(|row| &row.action));
                one.action == other.action && one.rows.is_empty() == other.rows.is_empty() && rows
            }
            (Self::Separator, Self::Row(_)) | (Self::Row(_), Self::Separator) => false,
        }
    }
}

/// What has to be done to make `shown` into `wanted`, apart from changes of text: where to begin, how many lines to
/// take out there, and which ones to put in.
#[must_use]
pub fn changed_part<'a>(shown: &[Line], wanted: &'a [Line]) -> (usize, usize, &'a [Line]) {
    let same = |(one, other): &(&Line, &Line)| one.has_same_place(other);
    let front = shown.iter().zip(wanted).take_while(same).count();
    let shortest = shown.len().min(wanted.len());
    let back = shown.iter().rev().zip(wanted.iter().rev()).take(shortest - front).take_while(same).count();
    let fresh = wanted.get(front..wanted.len() - back).expect("both ends are inside");
    (front, shown.len() - back - front, fresh)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(run: u64) -> Line {
        Line::Row(Row::active(format!("run {run}"), MenuAction::OpenRun(run)))
    }

    #[test]
    fn only_the_rows_that_come_or_go_are_touched() {
        let shown = [row(1), row(2), Line::Separator, row(9)];
        for wanted in [
            vec![row(1), row(2), Line::Separator, row(9)],
            vec![row(1), row(2), row(3), Line::Separator, row(9)],
            vec![row(2), Line::Separator, row(9)],
            vec![row(9)],
            vec![],
            vec![row(2), row(1), Line::Separator, Line::Separator, row(9)],
        ] {
            let (start, stale, fresh) = changed_part(&shown, &wanted);
            let mut made = shown.to_vec();
            made.splice(start..start + stale, fresh.to_vec());
            assert_eq!(made, wanted);
        }
        assert_eq!(changed_part(&shown, &shown), (4, 0, [].as_slice()));
        let one_more = [row(1), row(2), row(3), Line::Separator, row(9)];
        assert_eq!(changed_part(&shown, &one_more), (2, 0, [row(3)].as_slice()));
    }

    #[test]
    fn a_row_with_others_beside_it_stays_in_its_place_while_those_do() {
        let opening = |label: &str, rows: &[u64]| {
            let rows = rows.iter().map(|run| Row::active(format!("{label} {run}"), MenuAction::OpenRun(*run)));
            Line::Row(Row::opening(label, rows.chain([Row::free()]).collect()))
        };
        assert!(opening("one", &[1, 2]).has_same_place(&opening("other", &[1, 2])));
        assert!(!opening("one", &[1, 2]).has_same_place(&opening("one", &[1])));
        assert!(!opening("one", &[]).has_same_place(&Line::Row(Row::text("one"))));
    }

    #[test]
    fn sections_without_rows_leave_no_separator() {
        let section = |rows: &[u64]| Section {
            rows: rows.iter().map(|run| Row::active(format!("run {run}"), MenuAction::OpenRun(*run))).collect(),
            places: 3,
        };
        let menu = Menu { sections: vec![section(&[1]), section(&[]), section(&[2, 3])] };
        assert_eq!(menu.lines(), [row(1), Line::Separator, row(2), row(3)]);
    }
}
