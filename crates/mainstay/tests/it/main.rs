//! The real binary, from outside.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod audit_log;
mod bad_input;
mod binary;
mod commands;
mod demo;
mod environments;
mod place;
mod platform_doors;
mod postgres;
mod secrets;
mod servers;

use std::process::ExitCode;

use testkit::harness::Cases;

/// Adds the cases of a module by the names of their functions.
macro_rules! cases {
    ($cases:expr, $module:ident; $($case:ident),+ $(,)?) => {
        $($cases.case(concat!(stringify!($module), "::", stringify!($case)), || { $module::$case(); Ok(()) });)+
    };
}

fn main() -> ExitCode {
    let mut cases = Cases::new();
    cases!(cases, audit_log;
        the_log_is_verified_and_exported_and_tampering_is_found,
        a_restored_backup_stands_still_until_the_operator_accepts,
        a_backup_on_a_new_machine_stands_still_until_the_operator_accepts,
        where_both_sides_are_an_acceptance_names_one,
        a_sandbox_switch_is_on_record_with_its_origin,
    );
    cases!(cases, bad_input;
        wrong_usage_exits_with_2_and_shows_how,
        help_is_data_and_succeeds,
        an_unknown_key_is_refused_with_its_file_and_what_was_meant,
        values_out_of_range_are_refused,
        the_configuration_is_shown_with_sources_and_without_secrets,
        a_port_that_is_taken_is_named,
        a_data_directory_that_cannot_be_made_is_named,
    );
    cases!(cases, commands;
        commands_work_alone_and_through_the_running_servers,
        a_seed_file_with_an_error_writes_nothing_and_names_the_line,
        reading_from_a_directory_without_data_says_so_and_makes_nothing,
        the_doctor_names_what_is_wrong_and_fails,
    );
    cases!(cases, demo;
        the_whole_story_is_walked_and_each_step_held,
        the_walk_prints_json_for_programs_and_leaves_nothing_behind,
        it_needs_little_memory_and_stops_in_order,
        what_was_acknowledged_outlives_a_kill,
        connections_outlive_a_kill_in_the_middle_of_the_walk,
    );
    cases!(cases, environments;
        credentials_of_one_environment_fail_in_the_other,
    );
    cases!(cases, platform_doors;
        unknown_methods_and_places_are_refused,
        broken_and_repeated_parameters_are_refused,
        broken_forms_of_clients_are_refused,
        broken_json_is_refused,
        truncated_and_padded_tokens_are_none,
        lines_cannot_be_broken_into_headers,
        broken_forms_of_people_are_refused,
    );
    cases.case("platform_doors::an_authorisation_that_is_gone_with_its_rotations_is_found", || {
        platform_doors::verified::an_authorisation_that_is_gone_with_its_rotations_is_found();
        Ok(())
    });
    cases.case("platform_doors::broken_registrations_are_refused", || {
        platform_doors::registration::broken_registrations_are_refused();
        Ok(())
    });
    cases.case("platform_doors::texts_with_a_nul_are_refused", || {
        platform_doors::nul::texts_with_a_nul_are_refused();
        Ok(())
    });
    cases.case(
        "platform_doors::bad_input_is_refused_on_postgres",
        platform_doors::nul::bad_input_is_refused_on_postgres,
    );
    cases.case("platform_doors::nothing_of_a_client_outlives_its_removal_while_it_refreshes", || {
        platform_doors::stopping::nothing_of_a_client_outlives_its_removal_while_it_refreshes();
        Ok(())
    });
    cases.case("platform_doors::a_client_suspended_while_it_refreshes_goes_on_with_its_last_pair", || {
        platform_doors::stopping::a_client_suspended_while_it_refreshes_goes_on_with_its_last_pair();
        Ok(())
    });
    cases!(cases, secrets;
        the_search_finds_a_secret_in_every_spelling,
        no_secret_of_a_whole_walk_is_stored_or_logged_in_clear,
    );
    cases!(cases, servers;
        each_server_says_ready_and_stops_on_either_signal,
        nothing_that_is_written_is_open_to_others,
        the_stand_ins_are_served_each_under_its_name,
        both_sides_share_a_directory_but_one_side_has_one_process,
        a_key_file_that_is_lost_foreign_or_open_to_others_is_refused,
        a_key_file_that_cannot_be_used_leaves_no_database_behind,
        a_database_of_a_newer_version_is_refused_and_left_alone,
        a_file_that_is_no_database_is_refused,
        a_postgres_server_that_is_not_there_is_named_without_the_password,
        metrics_have_an_address_of_their_own_if_one_is_given,
    );
    cases.case(
        "postgres::the_whole_story_is_walked_on_postgres",
        postgres::the_whole_story_is_walked_on_postgres,
    );
    cases.run()
}
