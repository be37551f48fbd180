//! What plans say of guards, refusals and checks, and which of our own words stand in its place where
//! names are withheld.

use std::sync::Arc;

use crate::asset::AssetId;
use crate::inventory::{Called, NoMark, Person};
use crate::plan::approve::Refused;
use crate::plan::figure::{Figure, Found, Incomplete, Lack, Note, SetAt, Subject};
use crate::plan::unread_marks::{self, UnreadMarks};
use crate::plan::{LiveCheck, Unplaced};
use crate::render::model::Line;
use crate::render::names::{Foreign, WITHHELD};
use crate::render::sentence::{Sentence, Texts};
use crate::render::{checked, counted};

/// What a guard has counted.
pub(super) fn figure(figure: &Figure) -> Sentence {
    let mut texts = Texts::default();
    let Figure {
        guard,
        project,
        found,
        unread,
        limit,
        set_at,
    } = figure;
    let project = project.as_ref().map(|Subject { id, name }| Subject {
        id: *id,
        name: name.as_deref().map(|name| {
            let own = id.map_or_else(|| WITHHELD.to_owned(), |id| id.to_string());
            let name = Foreign::new(name).without_file().or_off(own);
            texts.keep(name).into()
        }),
    });
    let found = match found {
        Found::Age { seconds, id, path } => Found::Age {
            seconds: *seconds,
            id: *id,
            path: texts.kept(path.as_deref()),
        },
        Found::Lacking(Lack::Contents { id, path, why }) => Found::Lacking(Lack::Contents {
            id: *id,
            path: texts.kept(path.as_deref()),
            why: texts.keep(Foreign::new(&**why)).into(),
        }),
        Found::Assets(_)
        | Found::Bytes(_)
        | Found::Share { .. }
        | Found::Lacking(_)
        | Found::Unchecked => found.clone(),
    };
    let said = Figure {
        guard: *guard,
        project,
        found,
        unread: *unread,
        limit: *limit,
        set_at: place(set_at, &mut texts),
    };
    let id = match figure.found {
        Found::Age { id, .. } | Found::Lacking(Lack::Contents { id, .. }) => Some(id),
        Found::Assets(_)
        | Found::Bytes(_)
        | Found::Share { .. }
        | Found::Lacking(_)
        | Found::Unchecked => None,
    };
    texts.sentence(&coded(&said.to_string(), id))
}

/// The words with the id behind a path as code: an id may be one that pages make something of.
fn coded(words: &str, id: Option<AssetId>) -> String {
    id.map_or_else(
        || words.to_owned(),
        |id| words.replace(&format!("({id})"), &format!("(`{id}`)")),
    )
}

/// Where a limit is set: the path of a file is withheld with all names.
fn place(set_at: &SetAt, texts: &mut Texts) -> SetAt {
    match set_at {
        SetAt::Default => SetAt::Default,
        SetAt::Flag(name) => SetAt::Flag(texts.keep(Foreign::own(&**name)).into()),
        SetAt::File { .. } => {
            let place = Foreign::new(set_at.to_string()).without_file();
            let place = place.or_off("a file of settings");
            SetAt::Flag(texts.keep(place).into())
        }
        SetAt::Waiver(place) => SetAt::Waiver(texts.named(place).into()),
    }
}

/// Which entries lack a field.
pub(super) fn incomplete(incomplete: &Incomplete) -> Sentence {
    let Incomplete {
        field,
        set_at,
        entries,
        first,
    } = incomplete;
    let mut texts = Texts::default();
    let said = Incomplete {
        field: *field,
        set_at: place(set_at, &mut texts),
        entries: *entries,
        first: texts.named(first).into(),
    };
    texts.sentence(&said)
}

/// Where a limit is set, in words.
pub(super) fn set_at(set_at: &SetAt) -> Line {
    let mut texts = Texts::default();
    let said = place(set_at, &mut texts);
    texts.sentence(&said).line()
}

/// What does not count as it may have been meant.
pub(super) fn note(note: &Note) -> Sentence {
    let mut texts = Texts::default();
    let mut said = note.clone();
    match &mut said {
        Note::Elsewhere { project, set_at } => {
            *project = texts.named(project).into();
            *set_at = place(set_at, &mut texts);
        }
        Note::Near {
            project,
            name,
            set_at,
        } => {
            *project = texts.named(project).into();
            *name = texts.named(name).into();
            *set_at = place(set_at, &mut texts);
        }
        Note::Idle { set_at, .. } | Note::Looser { set_at, .. } => {
            *set_at = place(set_at, &mut texts);
        }
    }
    texts.sentence(&said)
}

/// Why a plan is not carried out.
pub(crate) fn refused(why: &Refused) -> Sentence {
    let mut texts = Texts::default();
    let said = match why {
        Refused::WrongNumber { .. }
        | Refused::Mismatched(_)
        | Refused::NotChecked
        | Refused::Unproven(_) => why.clone(),
        Refused::Unplaced(all) => {
            Refused::Unplaced(all.iter().map(|one| kept(one, &mut texts)).collect())
        }
        Refused::Unread(all) => {
            let all = all
                .iter()
                .map(|(one, listed)| (kept(one, &mut texts), *listed));
            Refused::Unread(all.collect())
        }
        Refused::Projects(all) => {
            Refused::Projects(all.iter().map(|one| kept(one, &mut texts)).collect())
        }
        Refused::Marks(unread) => {
            let id = match &unread.why {
                unread_marks::Lack::Assets { first, .. } => Some(first.id),
                unread_marks::Lack::NoMark(_) | unread_marks::Lack::Definitions(_) => None,
            };
            let said = marks(unread, &mut texts).to_string();
            return texts.sentence(&coded(&said, id));
        }
        Refused::Guarded(report) => {
            let mut refused = report.refused();
            return match (refused.next(), refused.next(), &*report.incomplete) {
                (Some(only), None, []) => figure(only),
                (None, None, [only]) => incomplete(only),
                (Some(_) | None, Some(_) | None, _) => {
                    let number = report.refused().count() + report.incomplete.len();
                    let guards = counted(number, "guard refuses", "guards refuse");
                    Sentence::own(&format!("{guards} the plan"))
                }
            };
        }
    };
    texts.sentence(&said)
}

/// Why nobody knows which assets bear a mark.
fn marks(unread: &UnreadMarks, texts: &mut Texts) -> UnreadMarks {
    let UnreadMarks { field, at, why } = unread;
    let mut each = |all: &[Arc<str>]| -> Vec<Arc<str>> {
        let all = all
            .iter()
            .map(|one| texts.keep(Foreign::new(&**one)).into());
        all.collect()
    };
    let why = match why {
        unread_marks::Lack::NoMark(NoMark::Field(known)) => {
            unread_marks::Lack::NoMark(NoMark::Field(each(known)))
        }
        unread_marks::Lack::NoMark(NoMark::Option { lacking, options }) => {
            unread_marks::Lack::NoMark(NoMark::Option {
                lacking: each(lacking),
                options: each(options),
            })
        }
        unread_marks::Lack::Definitions(why) => {
            unread_marks::Lack::Definitions(texts.keep(Foreign::new(&**why)).into())
        }
        unread_marks::Lack::Assets {
            count,
            first: Called { id, path },
        } => unread_marks::Lack::Assets {
            count: *count,
            first: Called {
                id: *id,
                path: texts.kept(path.as_deref()),
            },
        },
    };
    UnreadMarks {
        field: texts.keep(Foreign::new(&**field)).into(),
        at: texts.keep(Foreign::new(&**at)).into(),
        why,
    }
}

/// Which protected asset could not be placed.
pub(super) fn unplaced(unplaced: &Unplaced) -> Sentence {
    let mut texts = Texts::default();
    let said = kept(unplaced, &mut texts);
    texts.sentence(&said)
}

fn kept(unplaced: &Unplaced, texts: &mut Texts) -> Unplaced {
    let Unplaced {
        id,
        why,
        at,
        detail,
    } = unplaced;
    Unplaced {
        id: *id,
        why: why.clone(),
        at: texts.kept(at.as_deref()),
        detail: texts.keep(Foreign::new(&**detail)).into(),
    }
}

/// What a plan was checked against.
pub(super) fn sentence(check: &LiveCheck) -> Sentence {
    let mut texts = Texts::default();
    let mut named = |text: &str| texts.named(text).into();
    // Who it was is one text: of two, both would be withheld one by one.
    let name = checked::named(&check.user).as_deref().map(&mut named);
    let account_name = check.account_name.as_deref().map(&mut named);
    let account = check.account.as_deref();
    let account = account.map(|account| texts.keep(Foreign::account(account)).into());
    let said = LiveCheck {
        account,
        account_name,
        user: Person {
            name,
            ..Person::default()
        },
        ..check.clone()
    };
    texts.sentence(&checked::sentence(&said))
}
