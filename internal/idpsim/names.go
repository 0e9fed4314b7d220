package idpsim

// name is a part of a person's name, and how it is written in an address.
type name struct{ written, ascii string }

// givenNames are from many languages, so that every script, accent and
// combining character is on the way. Persons are random pairs of the two lists.
var givenNames = []name{
	{"Anna", "anna"}, {"Zoë", "zoe"}, {"José", "jose"}, {"Łukasz", "lukasz"}, {"Søren", "soren"},
	{"Дарья", "darya"}, {"Νίκος", "nikos"}, {"美咲", "misaki"}, {"小明", "xiaoming"}, {"지우", "jiwoo"},
	{"فاطمة", "fatima"}, {"נועה", "noa"}, {"अर्जुन", "arjun"}, {"สมชาย", "somchai"}, {"Þórdís", "thordis"},
	{"Siobhán", "siobhan"}, {"D'Arcy", "d'arcy"}, {"Çağla", "cagla"}, {"İpek", "ipek"}, {"Nguyệt", "nguyet"},
	{"Jean-Baptiste", "jean-baptiste"}, {"Maria da Conceição", "maria.conceicao"}, {"Oluwaseun", "oluwaseun"},
	{"Kaʻiulani", "kaiulani"}, {"Ståle", "stale"}, {"Željka", "zeljka"}, {"Őrs", "ors"}, {"Ines", "ines"},
	{"Wolfgang-Maximilian", "wolfgang-maximilian"}, {"Li", "li"}, {"Ana", "ana"}, {"Tomáš", "tomas"},
	{"Aïcha", "aicha"}, {"Mbali", "mbali"}, {"Giedrė", "giedre"}, {"Ștefan", "stefan"},
}

var familyNames = []name{
	{"Andersson", "andersson"}, {"O'Brien", "o'brien"}, {"Müller", "mueller"}, {"García López", "garcia.lopez"},
	{"Nowak", "nowak"}, {"Иванова", "ivanova"}, {"Παπαδόπουλος", "papadopoulos"}, {"佐藤", "sato"}, {"王", "wang"},
	{"김", "kim"}, {"الحسن", "alhassan"}, {"כהן", "cohen"}, {"शर्मा", "sharma"}, {"ใจดี", "jaidee"},
	{"Guðmundsdóttir", "gudmundsdottir"}, {"Ní Dhomhnaill", "ni.dhomhnaill"}, {"D'Angelo", "d'angelo"},
	{"Yıldız", "yildiz"}, {"Trần", "tran"}, {"van der Westhuizen", "vanderwesthuizen"}, {"Adeyemi", "adeyemi"},
	{"Großschmidt-Übelhör", "grossschmidt-uebelhoer"}, {"Ångström", "angstrom"}, {"Dvořák", "dvorak"},
	{"Kovačević", "kovacevic"}, {"Széchenyi", "szechenyi"}, {"da Silva e Albuquerque", "dasilva"}, {"Smith", "smith"},
	{"Wickramasinghe Mudiyanselage Rathnayake Jayawardena", "wickramasinghe"}, {"N'Diaye", "n'diaye"},
	{"Popescu", "popescu"}, {"Žukauskaitė", "zukauskaite"}, {"Dlamini", "dlamini"}, {"Ó Súilleabháin", "osuilleabhain"},
	{"Le Goff", "legoff"}, {"Li", "li"},
}

var (
	titles = []string{"Engineer", "Senior Engineer", "Analyst", "Ingénieure système", "Vertriebsleiter", "Site Reliability Engineer",
		"Product Owner", "開発者", "Architect \"Platform\"", "R&D Manager", "Accountant", "VP, Sales & Marketing"}
	departments = []string{"Platform", "Finance", "Sales EMEA", "R&D", "Qualitätssicherung", "人事部", "Legal/Compliance", "Support"}
	divisions   = []string{"Cloud", "Corporate", "Europe", "Asia-Pacific"}
	costCenters = []string{"CC-1000", "CC-1100", "CC-2040", "CC-9001", "0042"}
	places      = []place{
		{"1 Example Way", "Springfield", "OR", "97477", "US", "en-US", "America/Los_Angeles", "+1-541-555-01"},
		{"Musterstraße 5", "Köln", "NW", "50667", "DE", "de-DE", "Europe/Berlin", "+49-221-555-01"},
		{"12 rue de l'Exemple", "Besançon", "BFC", "25000", "FR", "fr-FR", "Europe/Paris", "+33-3-5550-01"},
		{"Przykładowa 7/9", "Łódź", "LD", "90-001", "PL", "pl-PL", "Europe/Warsaw", "+48-42-555-01"},
		{"見本町1-2-3", "札幌市", "北海道", "060-0001", "JP", "ja-JP", "Asia/Tokyo", "+81-11-555-01"},
		{"Rua Exemplo, 100", "São Paulo", "SP", "01000-000", "BR", "pt-BR", "America/Sao_Paulo", "+55-11-5550-01"},
	}
	teamNames = []string{"platform", "developers", "payments", "data-science", "support", "security", "sre", "finance", "web",
		"mobile", "networking", "observability", "research", "marketing", "logistics", "billing"}
	teamRoles = []string{"users", "admin", "edit", "view", "oncall", "contractors"}
	// Names of groups that stay out of the filter carry what people type.
	plainTeams = []string{"All Staff", "Équipe Données", "Kantine & Küche", "営業部", "Sales (EMEA)", "Bob's Projects", "Всё и сразу", "Office 3.14 – Main"}
)

// place is an office: what an address and a locale are made of.
type place struct {
	street, city, region, postalCode, country, locale, timezone, phone string
}
