use super::*;

#[test]
fn values_are_read_as_the_server_reads_them() {
    for (rest, wanted) in [
        (" = 'conf.d'  # all", Some("conf.d")),
        (" 'it''s'", Some("it's")),
        (" = 'a\\'b'", Some("a'b")),
        (" \"two words\"", Some("two words")),
        (" plain#no", Some("plain")),
        ("", None),
        (" 'open", None),
    ] {
        let wanted = wanted.map(|text| text.as_bytes().to_vec());
        assert_eq!(value(rest.as_bytes()), wanted, "{rest:?}");
    }
}

#[test]
fn files_and_what_they_include() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    for name in ["data", "etc", "etc/conf.d"] {
        fs::create_dir(path(name)).unwrap();
    }
    let settings = format!(
        "include_dir 'conf.d'\nInclude = 'more.conf'\ninclude_if_exists 'absent'\n\
         include '../etc/back.conf'\n#include 'no'\ninclude 'missing'\ninclude '{}'\n",
        path("data/inside.conf").display()
    );
    for (name, text) in [
        ("etc/main.conf", settings.as_str()),
        ("etc/conf.d/b.conf", "work_mem = 1\n"),
        ("etc/conf.d/.hidden.conf", ""),
        ("etc/conf.d/note.txt", ""),
        // A circle must end.
        ("etc/more.conf", "include 'main.conf'\n"),
        ("etc/back.conf", ""),
        ("etc/hba.conf", "local @bases,x @people trust # @none\ninclude rules\n"),
        ("etc/bases", "one\n"),
        ("etc/people", "@more_people\n"),
        ("etc/more_people", "me\n"),
        ("etc/rules", ""),
        ("data/inside.conf", ""),
    ] {
        fs::write(path(name), text).unwrap();
    }
    let data = path("data");
    let mut search = Search::new(&data, &data);
    search.settings(&path("etc/main.conf"));
    search.rules(&path("etc/hba.conf"));
    let found = search.found();
    let names: Vec<_> = found
        .outside
        .iter()
        .map(|file| file.strip_prefix(dir.path()).unwrap().to_str().unwrap())
        .collect();
    let wanted = [
        "etc/back.conf",
        "etc/bases",
        "etc/conf.d/b.conf",
        "etc/hba.conf",
        "etc/main.conf",
        "etc/more.conf",
        "etc/more_people",
        "etc/people",
        "etc/rules",
    ];
    assert_eq!(names, wanted);
    assert_eq!(found.inside, [PathBuf::from("inside.conf")]);
    let [missing] = found.findings.as_slice() else { panic!("{:?}", found.findings) };
    assert!(missing.text.contains("etc/missing cannot be read"), "{}", missing.text);
}

/// In a container the same path may be another file.
#[test]
fn files_of_another_file_system_are_not_taken() {
    let dir = tempfile::tempdir().unwrap();
    let (data, etc) = (dir.path().join("data"), dir.path().join("etc"));
    fs::create_dir(&data).unwrap();
    fs::create_dir(&etc).unwrap();
    fs::write(etc.join("postgresql.conf"), "").unwrap();
    fs::write(data.join("pg_hba.conf"), "").unwrap();
    let told = Path::new("/of/the/container");
    let mut search = Search::new(&data, told);
    search.settings(&etc.join("postgresql.conf"));
    search.rules(&told.join("pg_hba.conf"));
    let found = search.found();
    assert!(found.outside.is_empty());
    assert_eq!(found.inside, [PathBuf::from("pg_hba.conf")]);
    assert_eq!(found.findings.len(), 1);
}
