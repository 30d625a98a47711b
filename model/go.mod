module mooring.test/model

go 1.24
