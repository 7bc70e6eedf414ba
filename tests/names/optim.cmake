# Sections of docs/optim_names.tsv.
set(titles_torch "PyTorch")
set(titles_keras "Keras")
set(titles_optax "Optax")
set(titles_scipy "SciPy")
set(sections torch keras optax scipy)

set(title_of_required "**all**")
set(required_sections ${sections})
set(required_percent 70)
