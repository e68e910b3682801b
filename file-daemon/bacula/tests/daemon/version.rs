//! What a version of the daemon has where. Written down from what a C compiler said of the daemon's
//! own structures, and apart from the plugin's declarations: a wrong offset there fails here.

/// Offsets in the packet of a file that is to be saved.
#[derive(Debug)]
pub(crate) struct Save {
    pub(crate) size: usize,
    pub(crate) fname: usize,
    pub(crate) link: usize,
    pub(crate) stat: usize,
    pub(crate) file_type: usize,
    pub(crate) flags: usize,
    pub(crate) no_read: usize,
    pub(crate) object_name: usize,
    pub(crate) object: usize,
    pub(crate) object_len: usize,
    pub(crate) index: usize,
    pub(crate) end: usize,
}

/// Numbers and offsets of a version.
#[derive(Debug)]
pub(crate) struct Version {
    pub(crate) number: u32,
    pub(crate) functions: u32,
    pub(crate) save: Save,
    /// Of the type in the packet of a file that comes back; all else in it is at one place.
    pub(crate) restore_type: usize,
    /// Fatal, error, warning, information.
    pub(crate) messages: [i32; 4],
    /// Where, rule for names, version, previous job, replace, files so far.
    pub(crate) variables: [i32; 6],
}

const MODERN: Save = Save {
    size: 344,
    fname: 8,
    link: 32,
    stat: 40,
    file_type: 184,
    flags: 192,
    no_read: 200,
    object_name: 216,
    object: 224,
    object_len: 232,
    index: 236,
    end: 336,
};

/// All that the plugin knows.
pub(crate) const VERSIONS: [Version; 4] = [
    Version {
        number: 14,
        functions: 128,
        save: Save {
            size: 240,
            fname: 8,
            link: 16,
            stat: 24,
            file_type: 168,
            flags: 176,
            no_read: 184,
            object_name: 208,
            object: 216,
            object_len: 224,
            index: 228,
            end: 236,
        },
        restore_type: 12,
        messages: [3, 4, 5, 6],
        variables: [14, 15, 17, 20, 24, 23],
    },
    Version {
        number: 21,
        functions: 144,
        save: Save {
            size: 256,
            object_name: 224,
            object: 232,
            object_len: 240,
            index: 244,
            end: 252,
            ..MODERN
        },
        restore_type: 16,
        messages: [3, 4, 5, 6],
        variables: [14, 15, 17, 19, 23, 22],
    },
    Version {
        number: 22,
        functions: 152,
        save: MODERN,
        restore_type: 16,
        messages: [4, 5, 6, 7],
        variables: [15, 16, 18, 20, 24, 23],
    },
    Version {
        number: 23,
        functions: 168,
        save: MODERN,
        restore_type: 16,
        messages: [4, 5, 6, 7],
        variables: [15, 16, 18, 20, 24, 23],
    },
];
