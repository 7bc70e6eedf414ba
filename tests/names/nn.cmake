# Sections of docs/nn_names.tsv.
set(titles_torch "PyTorch")
set(titles_keras "Keras")
set(titles_equinox "Equinox")
set(sections torch keras equinox)

set(title_of_required "**all**")
set(required_sections ${sections})
set(required_percent 60)
