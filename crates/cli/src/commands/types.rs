//! `type …`.

use nightkeep_engine::api::LimitsSpec;

use super::Here;
use crate::args::{Capacity, TypeCommand};
use crate::console;
use crate::failure::Failure;
use crate::render::{self, View};

pub(super) async fn type_of(here: &Here, wanted: TypeCommand) -> Result<(), Failure> {
    let engine = here.engine().await?;
    match wanted {
        TypeCommand::List { json } => {
            let types = engine.types().await?;
            if json {
                console::print_json(&types)
            } else {
                console::print(&render::types(&types, &View::of_this_terminal()))
            }
        }
        TypeCommand::Show { name, json } => {
            let types = engine.types().await?;
            let kind = types.iter().find(|kind| kind.name == name).ok_or_else(|| {
                Failure::new(format!("there is no job type `{name}`")).with_hint("see `nightkeep type list`")
            })?;
            if json { console::print_json(kind) } else { console::print(&render::type_of(kind)) }
        }
        TypeCommand::Set { name, limits, max_running } => {
            let has_limits = limits.spec() != LimitsSpec::default();
            if !has_limits && max_running.is_none() {
                return Err(Failure::usage("no limit is given")
                    .with_hint(format!("say which, as in `nightkeep type set {name} --stall-after 20m`")));
            }
            if has_limits {
                let types = engine.types().await?;
                let base = types.iter().find(|kind| kind.name == name).map(|kind| kind.overrides.clone());
                engine.set_type(&name, &limits.over(&base.unwrap_or_default())).await?;
            }
            if let Some(Capacity(max_running)) = max_running {
                engine.set_capacity(&name, max_running).await?;
            }
            console::print(&format!("changed type {name}\n"))
        }
    }
}
