//! `retire find`: what is in the live account, as a table or a manifest. It reads, and cannot delete.

mod forget;
mod marks;
mod policy;
mod reports;

pub(crate) use forget::{forget_all, tell_forgotten};

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use jiff::SignedDuration;

use crate::app::find::{Account, Recent, read_account};
use crate::asset::AssetId;
use crate::cli::args::{Find, FindFormat, FindOutput, Listing, Recall, ThisRun};
use crate::cli::clock::TimeLeft;
use crate::cli::connect::{asked_account, connect, keeping};
use crate::cli::context::Context;
use crate::cli::destination::{self, Document};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::files::{self, Input};
use crate::cli::reports::Reports;
use crate::cli::settings::Settings;
use crate::cli::settings::server::Server;
use crate::cli::{clock, playground};
use crate::find::asked::{Around, Asked};
use crate::find::filter::By;
use crate::find::sum::joined;
use crate::find::tree::Read;
use crate::find::{self, Answer, Found, Protected, Query, find};
use crate::manifest::document::{Entry, Manifests};
use crate::manifest::write::{self, Fields, Proposed, Section, WriteError, Written};
use crate::plan::holds;
use crate::render::checked::read_before;
use crate::render::escape::escape;
use crate::render::find::{self as table, Shown};
use crate::render::model;
use crate::render::model::find::FindReport;
use crate::render::{counted, either, find_data as data};
use crate::state::Status;
use crate::store::file::FileStore;

/// Reads the account, shows what is asked for, and lists it.
pub(crate) fn run(context: &Context, arguments: &Find) -> Result<Exit, Failure> {
    let Find {
        places,
        filters,
        output,
        reports: _,
        summaries: _,
        listing,
        policy,
        check,
        recall,
        forget,
        sandbox,
        settings,
    } = arguments;
    if *forget {
        tell_forgotten(context, forget_all(context)?);
        return Ok(Exit::Done);
    }
    let reports = Reports::new(context, &reports::asked(arguments))?;
    let run = ThisRun {
        sandbox: *sandbox,
        ..ThisRun::default()
    };
    let settings = context.settings(&settings.given, run, &[])?;
    if !settings.api.value.abilities().reads_contents {
        return Err(Failure::OnlyV4);
    }
    if let Some(path) = policy {
        return policy::run(context, &settings, path, (*check, *recall));
    }
    let state = &settings.state.value;
    reports.check(state)?;
    if let Some(path) = &listing.out {
        check_new(path, state)?;
    }
    if let Some(path) = &listing.update {
        check_place(path, state)?;
        // What is wrong with it is told before anybody waits for a server.
        updated(path, &text_of(path)?, (None, &Section::default()))?;
    }
    let mut manifests = context.project_manifests()?;
    let asked = Asked::from(filters);
    let (mut around, protected, recent) =
        around(context, &settings, &manifests, filters.keep as usize)?;
    keep_ids(&settings, &mut manifests);
    let title = write::title(&asked.words(places, around.keep));
    if let Some(path) = listing.file() {
        around.listed = listed_elsewhere(&manifests, path, &title)?;
    }
    let query = Query {
        places: places.clone(),
        filter: asked.filter(&around).map_err(Failure::Words)?,
    };
    let queries = std::slice::from_ref(&query);
    let account = read(
        context,
        &settings,
        &manifests,
        (queries, &protected, (*recall, &recent)),
    )?;
    let answer = find(&account.read, &query, &protected);
    let unread = answer.unread(&account.read);
    let by = query.filter.by;
    reports::publish(&reports, state, (&answer, &unread, by), &title)?;
    show(context, output, (&answer, &unread), by)?;
    let lists =
        listing.out.is_some() || listing.update.is_some() || output.format == FindFormat::Manifest;
    if !unread.is_empty() {
        if output.format != FindFormat::Table {
            let folders = counted(unread.len(), "folder", "folders");
            context.console.warn(&format!(
                "{folders} could not be read: what is in {} is missing",
                either(unread.len(), "it", "them")
            ));
        }
        if lists {
            context
                .console
                .warn("no manifest was written, since not everything could be read");
        }
        return Ok(Exit::Open);
    }
    let listed = listed(&answer, listing.collapse);
    check_marks(&account.read, &answer, &listed, &protected)?;
    if !lists {
        return Ok(Exit::Done);
    }
    let fields = fields(listing, &around)?;
    let section = section(&answer, &listed, title, fields);
    if let Some(left_out) = table::left_out(&answer) {
        context.console.message(&format!("Left out: {left_out}."));
    }
    tell_listed(context, listing, &section, &manifests);
    // All that was read would lie in memory beside the text of a large manifest.
    drop(listed);
    drop(answer);
    let Account { id, read, .. } = account;
    drop((read, manifests));
    write_down(context, listing, (id.as_deref(), &section), &settings)?;
    Ok(Exit::Done)
}

/// Shows what was found; a manifest is shown once it is clear that it may be written.
fn show(
    context: &Context,
    output: &FindOutput,
    (answer, unread): (&Answer<'_>, &[(String, String)]),
    by: By,
) -> Result<(), Failure> {
    match output.format {
        FindFormat::Table => {
            let report = model::find::find(&FindReport {
                answer,
                unread,
                by,
                depth: output.depth,
                order: output.sort.into(),
                asked: "",
                now: clock::now(),
            });
            let shown = Shown {
                full: output.full,
                width: context.console.width(),
            };
            context
                .console
                .data(|style, sink| table::table(&report, shown, style, sink))?;
        }
        FindFormat::Json => context
            .console
            .data(|_, sink| data::json(answer, unread, sink))?,
        FindFormat::Csv => {
            let escaped = context.console.is_read_by_people();
            context
                .console
                .data(|_, sink| data::csv(answer, escaped, sink))?;
        }
        FindFormat::Ids => context.console.data(|_, sink| data::ids(answer, sink))?,
        // A manifest is written later, and a report is already.
        FindFormat::Manifest | FindFormat::Markdown | FindFormat::Html => {}
    }
    Ok(())
}

/// Reads what the questions need.
fn read(
    context: &Context,
    settings: &Settings,
    manifests: &Manifests,
    (queries, protected, (recall, recent)): (&[Query], &Protected, (Recall, &Recent)),
) -> Result<Account, Failure> {
    let listed = manifests.account.as_ref();
    let listed = listed.map(|account| {
        let who = format!("the manifest (`{}`)", account.place);
        (who, account.id.to_string())
    });
    let asked = asked_account(settings).or(listed);
    let account = asked.as_ref().map(|(_, account)| &**account);
    let world = || playground::world_of(manifests, account, &[]);
    let connection = connect(context, settings, &[], settings.sending.reading, world)?;
    let keeping = keeping(context, settings, recall.refresh);
    let account = read_account(
        &connection,
        asked.as_ref(),
        (queries, protected.marking.as_ref()),
        (keeping.as_ref(), recent),
    );
    connection.close();
    let account = account?;
    if let Some(recalled) = &account.recalled {
        let before = read_before(recalled, clock::now());
        context.console.message(&format!("{before}."));
    }
    Ok(account)
}

/// What must be known besides to filter, what is protected, and what runs have recorded since the oldest
/// reading that is believed.
fn around(
    context: &Context,
    settings: &Settings,
    manifests: &Manifests,
    keep: usize,
) -> Result<(Around, Protected, Recent), Failure> {
    let loaded = FileStore::new(&settings.state.value).load()?;
    let warnings = loaded.iter().flat_map(|loaded| &loaded.warnings);
    warnings.for_each(|warning| context.console.warn(warning));
    let records = loaded.iter().flat_map(|loaded| &loaded.state.assets);
    let retired = records.filter(|(_, record)| match record.status() {
        // Whoever had it restored wants it to stay.
        Status::Retired(_)
        | Status::Gone(_)
        | Status::Restored { .. }
        | Status::Staged(_)
        | Status::Rescued => true,
        Status::Failed(_) | Status::Unknown { .. } | Status::Missing => false,
    });
    let entries = manifests.entries.iter().map(|entry| entry.id);
    let now = clock::now();
    let age = SignedDuration::try_from(settings.max_inventory_age.value);
    let since = age.ok().and_then(|age| now.checked_sub(age).ok());
    let records = loaded.iter().flat_map(|loaded| &loaded.state.assets);
    let recent = records.filter(|(_, record)| since.is_none_or(|since| record.at >= since));
    let recent = recent.map(|(id, record)| (*id, record.at)).collect();
    let none = BTreeMap::new();
    let kept = loaded.as_ref().map_or(&none, |loaded| &loaded.state.holds);
    let around = Around {
        now,
        keep,
        listed: entries.collect(),
        retired: retired.map(|(id, _)| *id).collect(),
    };
    let protected = Protected {
        held: holds::held(manifests, kept, now),
        marking: settings.marks.clone(),
    };
    Ok((around, protected, recent))
}

/// Keeps of what is listed no more than what it is: a long manifest would lie in memory beside all
/// that is read. A sandbox may be made of what it says.
fn keep_ids(settings: &Settings, manifests: &mut Manifests) {
    if settings.server.value != Server::Sandbox {
        let entries = manifests.entries.iter_mut();
        entries.for_each(|entry| entry.details = None);
    }
}

/// What manifests list, without what a section of one lists: its own entries would go out of it as
/// listed already, and come in again the next time.
fn listed_elsewhere(
    manifests: &Manifests,
    path: &Path,
    title: &str,
) -> Result<BTreeSet<AssetId>, Failure> {
    let own = write::owned(&text_of(path)?, title);
    let files = are_it(manifests, path);
    let is_own = |entry: &&Entry| {
        own.contains(&entry.id) && files.get(entry.spot.file as usize) == Some(&true)
    };
    let entries = manifests.entries.iter().filter(|entry| !is_own(entry));
    Ok(entries.map(|entry| entry.id).collect())
}

/// Which files of the manifests are this one.
fn are_it(manifests: &Manifests, path: &Path) -> Vec<bool> {
    let files = manifests.files.iter();
    files
        .map(|file| files::are_same(path, Path::new(&*file.path)))
        .collect()
}

/// What new entries say.
fn fields(listing: &Listing, around: &Around) -> Result<Fields, Failure> {
    let day = listing.not_before.as_deref();
    let day = day.map(|day| find::moment::day_after(day, around.now));
    Ok(Fields {
        reason: listing.reason.clone(),
        ticket: listing.ticket.clone(),
        owner: listing.owner.clone(),
        not_before: day.transpose().map_err(Failure::Words)?,
    })
}

/// What of an answer is to be listed.
fn listed<'a>(answer: &'a Answer<'a>, collapse: bool) -> Vec<Found<'a>> {
    let may_go = |found: &Found<'_>| found.kept.is_none();
    let mut listed: Vec<Found<'_>> = if collapse {
        answer.collapsed().into_iter().filter(may_go).collect()
    } else {
        let found = answer.found.iter();
        found.filter(|found| may_go(found)).cloned().collect()
    };
    answer.sort_by_folder(&mut listed);
    listed
}

/// The section of a manifest that lists it.
fn section(answer: &Answer<'_>, listed: &[Found<'_>], title: String, fields: Fields) -> Section {
    // They stand in the order of their folders.
    let mut last: Arc<str> = "".into();
    let proposed = listed.iter().map(|found| {
        let folder = joined(&answer.folder_of(found));
        if *last != *folder {
            last = folder.into();
        }
        Proposed {
            id: found.id,
            kind: found.facts.kind,
            name: found.facts.name.clone(),
            filesize: found.facts.bytes,
            contents: found.within.as_ref().map(|within| within.files),
            folder: Arc::clone(&last),
        }
    });
    Section {
        title,
        assets: proposed.collect(),
        fields,
    }
}

/// Refuses to list what people may have marked.
fn check_marks(
    read: &Read,
    answer: &Answer<'_>,
    listed: &[Found<'_>],
    protected: &Protected,
) -> Result<(), Failure> {
    let marking = protected.marking.as_ref();
    let unread = marking.and_then(|marking| marks::unread(read, answer, listed, marking));
    unread.map_or(Ok(()), |unread| Err(Failure::UnreadMarks(unread)))
}

/// Warns of what other manifests list as well, which no plan takes.
fn tell_listed(context: &Context, listing: &Listing, section: &Section, manifests: &Manifests) {
    let own = listing.file().map(|path| are_it(manifests, path));
    let own = own.unwrap_or_default();
    let twice = section.assets.iter().filter(|asset| {
        let place = manifests
            .entries
            .binary_search_by_key(&asset.id, |entry| entry.id);
        let entry = place.ok().and_then(|place| manifests.entries.get(place));
        entry.is_some_and(|entry| own.get(entry.spot.file as usize) != Some(&true))
    });
    let twice = twice.count();
    if twice > 0 {
        let assets = counted(twice, "asset is", "assets are");
        context.console.warn(&format!(
            "{assets} listed in another manifest of the project already; `--not-listed` leaves {} out",
            either(twice, "it", "them")
        ));
    }
}

/// Refuses to write a new manifest over one that this command did not write.
fn check_new(path: &Path, state: &Path) -> Result<(), Failure> {
    check_place(path, state)?;
    let there = text_of(path)?;
    if !there.is_empty() && write::titles(&there).is_empty() {
        return Err(Failure::ManifestThere(path.to_owned()));
    }
    Ok(())
}

/// Checks that a manifest may be written; its folder is made once there is something to write.
fn check_place(path: &Path, state: &Path) -> Result<(), Failure> {
    let folder = path.parent();
    if folder.is_none_or(|folder| folder.as_os_str().is_empty() || files::is_there(folder)) {
        destination::check(path, Document::Manifest, state)?;
    }
    Ok(())
}

/// The text of a manifest; nothing where it is not there.
fn text_of(path: &Path) -> Result<String, Failure> {
    if path.as_os_str() == "-" || !files::is_there(path) {
        return Ok(String::new());
    }
    let source = files::read(&Input::File(path.to_owned()), TimeLeft::unbound())?;
    String::from_utf8(source.bytes).map_err(|_bytes| Failure::Layout(path.to_owned()))
}

/// Writes the section where it belongs.
fn write_down(
    context: &Context,
    listing: &Listing,
    (account, section): (Option<&str>, &Section),
    settings: &Settings,
) -> Result<(), Failure> {
    let state = &settings.state.value;
    let Some(path) = &listing.update else {
        let Written { text, .. } =
            write::whole(account, section).map_err(not_written(Path::new("-")))?;
        return match &listing.out {
            Some(path) if path.as_os_str() != "-" => {
                let there = text_of(path)?;
                if !there.is_empty() && there != text {
                    return Err(Failure::ManifestThere(path.clone()));
                }
                publish(context, path, &text, state)?;
                let entries = counted(section.assets.len(), "entry", "entries");
                let path = path.display().to_string();
                let (path, again) = (escape(&path), settings.again());
                context.console.message(&format!(
                    "Wrote `{path}` with {entries}; `retire plan{again} {path}` shows what would happen."
                ));
                Ok(())
            }
            Some(_) | None => {
                context
                    .console
                    .data(|_, sink| sink.write_all(text.as_bytes()))?;
                Ok(())
            }
        };
    };
    let there = text_of(path)?;
    let written = updated(path, &there, (account, section))?;
    if written.text != there {
        publish(context, path, &written.text, state)?;
    }
    context.console.data(|style, sink| {
        let title = format!("`{}`", path.display());
        table::difference(&title, &written, section, style, sink)
    })?;
    Ok(())
}

/// The text of a manifest with its section.
fn updated(
    path: &Path,
    there: &str,
    (account, section): (Option<&str>, &Section),
) -> Result<Written, Failure> {
    let written = if there.trim().is_empty() {
        write::whole(account, section)
    } else {
        write::update(&path.display().to_string(), there, section)
    };
    written.map_err(not_written(path))
}

fn publish(context: &Context, path: &Path, text: &str, state: &Path) -> Result<(), Failure> {
    let write = |sink: &mut dyn std::io::Write| {
        context
            .console
            .guard(sink, |sink| sink.write_all(text.as_bytes()))
    };
    destination::make_folder_of(path)?;
    Ok(destination::publish(
        path,
        Document::Manifest,
        state,
        write,
    )?)
}

fn not_written(path: &Path) -> impl FnOnce(WriteError) -> Failure {
    move |error| match error {
        WriteError::Findings(findings) => Failure::Findings(findings),
        WriteError::Layout => Failure::Layout(path.to_owned()),
    }
}
